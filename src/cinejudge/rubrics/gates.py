"""Gates: which questions apply to this video. The vocabulary of facts that a suite may name stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cinejudge.schema.errors import ConfigError

NEGATION = "not."


@dataclass(frozen=True)
class Fact:
    """Something that holds for a clip and its brief, or does not, or cannot be told here."""

    holds: str
    """Said of a clip for which it holds; the reason that ``not.`` gates give."""
    fails: str
    """Said of a clip for which it does not; the reason that gates give."""
    known_from: str
    """How it is found out, and so what is missing when nobody can tell."""


FACTS: dict[str, Fact] = {
    # What the brief asks for.
    "has_brief": Fact("there is a brief", "there is no brief", "the brief"),
    "has_shot_specs": Fact("the brief describes shots", "the brief describes no single shots", "the brief"),
    "several_shot_specs": Fact(
        "the brief describes several shots", "the brief does not describe several shots", "the brief"
    ),
    "has_lines": Fact("the brief holds script lines", "the brief holds no script lines", "the brief"),
    "has_target_text": Fact("the brief asks for on-screen text", "the brief asks for no on-screen text", "the brief"),
    "has_scripted_sound": Fact("the brief asks for sounds", "the brief asks for no sounds", "the brief"),
    "has_scripted_music": Fact("the brief asks for music", "the brief asks for no music", "the brief"),
    "has_reference_subject": Fact(
        "the brief has a reference picture of a subject",
        "the brief has no reference picture of a subject",
        "the brief's references",
    ),
    "has_reference_scene": Fact(
        "the brief has a reference picture of a scene",
        "the brief has no reference picture of a scene",
        "the brief's references",
    ),
    "has_reference_voice": Fact(
        "the brief has a reference voice", "the brief has no reference voice", "the brief's references"
    ),
    "is_advertising": Fact(
        "the video is meant as advertising", "the video is not meant as advertising", "the brief's genre"
    ),
    "calm_scene": Fact(
        "the scene is calm and warrants no strong expression",
        "the scene is not a calm one",
        "the brief's tone, or a model that can see",
    ),
    "is_stylized": Fact(
        "the brief asks for a drawn or stylised look", "the brief asks for a realistic look", "the brief's style"
    ),
    # What the file holds.
    "has_audio": Fact("the clip has sound", "the clip has no sound", "the file's audio stream"),
    "several_shots": Fact("the clip has several shots", "the clip has one shot only", "the segmentation"),
    "has_gradual_transition": Fact(
        "two shots are joined gradually", "no shots are joined gradually", "the segmentation"
    ),
    # What can be seen.
    "has_people": Fact("people are seen", "nobody is seen", "the detector of persons and faces"),
    "has_several_people": Fact(
        "several people are seen at once", "no two people are seen at once", "the detector of persons and faces"
    ),
    "has_faces": Fact("a face is seen large enough to judge", "no face is seen large enough to judge", "the face tool"),
    "people_in_several_shots": Fact(
        "people are seen in several shots",
        "people are not seen in more than one shot",
        "the detector of persons and faces",
    ),
    "has_screen_text": Fact("there is text in the picture", "there is no text in the picture", "the text reader"),
    # What can be heard.
    "has_speech": Fact("somebody speaks or sings", "nobody speaks or sings", "the speech tool"),
    "speech_meant": Fact(
        "somebody speaks or sings, or the script has lines",
        "nobody speaks or sings, and the script has no lines",
        "the speech tool",
    ),
    "has_dialogue": Fact("several people speak", "no two people speak", "the speaker tool"),
    "has_visible_speech": Fact(
        "somebody speaks while a face is seen", "nobody speaks while a face is seen", "the speech and face tools"
    ),
    "speech_in_several_shots": Fact(
        "speech is heard in several shots", "speech is not heard in more than one shot", "the speech tool"
    ),
    "has_music": Fact("there is music", "there is no music", "the tool that tells music from speech and noise"),
}
"""Every fact a gate may name. The agent's plan computes them; one that is absent or None cannot be told."""


@dataclass(frozen=True)
class Gate:
    """What a gate says about one clip."""

    state: Literal["holds", "fails", "unknown"]
    reason: str = ""
    """Why not, or what is missing to tell; empty when it holds."""


OPEN = Gate("holds")


def check_gate(names: tuple[str, ...], facts: Mapping[str, bool | None]) -> Gate:
    """Whether all named facts hold.

    One that fails decides, whatever else is unknown.

    Args:
        names: Facts, each with ``not.`` before it to demand the opposite.
        facts: What is known about the clip.

    Raises:
        ConfigError: a name is not in :data:`FACTS`.
    """
    missing: list[str] = []
    for name in names:
        fact = known_fact(name)
        known = facts.get(name.removeprefix(NEGATION))
        if known is None:
            missing.append(f"whether {fact.holds} cannot be told without {fact.known_from}")
        elif known == name.startswith(NEGATION):
            return Gate("fails", fact.holds if known else fact.fails)
    return Gate("unknown", "; ".join(dict.fromkeys(missing))) if missing else OPEN


def known_fact(name: str) -> Fact:
    """The fact that a gate's name, negated or not, speaks of.

    Raises:
        ConfigError: there is none.
    """
    plain = name.removeprefix(NEGATION)
    if plain not in FACTS:
        raise ConfigError(f"no fact named {plain!r}; there are: {', '.join(FACTS)}")
    return FACTS[plain]
