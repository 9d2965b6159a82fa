"""The facts that gates ask for, found with as little looking as they need.

``rubrics.gates.FACTS`` says in words what each one means. A fact is None when the tool that could tell is missing or
abstained; what depends on it then ends as not judged rather than not applicable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from cinejudge.agent.case import Case
from cinejudge.schema import Brief, Segmentation, Span
from cinejudge.tools.registry import all_tools

Facts = dict[str, bool | None]

ADVERTISING = re.compile(r"\b(advert\w*|commercial|promo\w*|product|teaser|trailer|brand\w*)\b", re.IGNORECASE)
STYLIZED = re.compile(
    r"\b(anime|cartoon|water[- ]?colou?r|pixel[- ]?art|storybook|claymation|stop[- ]motion|illustrat\w+|comic|"
    r"3d animat\w+|oil painting|sketch|cyberpunk|stylis\w+|styliz\w+)\b",
    re.IGNORECASE,
)
CALM = re.compile(r"\b(calm|serene|peaceful|quiet|tranquil|gentle|relax\w+|meditat\w+)\b", re.IGNORECASE)
TENSE = re.compile(
    r"\b(ang\w+|fear\w*|fight\w*|scream\w*|panic\w*|tens\w+|chas\w+|terror|grief|joy\w*|rage|cry\w*)\b", re.IGNORECASE
)
LARGE_FACE_PX = 64
"""Shorter side of a face from which on its expression can be judged."""
HEARD_S = 0.3
"""Speech shorter than this in a shot, or beside a face, does not count."""


async def find_facts(case: Case, segmentation: Segmentation) -> Facts:
    """Everything that gates may ask about this clip and its brief."""
    faces = await _found(case, "faces")
    objects = await _found(case, "objects")
    text = await _found(case, "ocr")
    speech = await _found(case, "speech") if case.footage.clip.has_audio else None
    transitions = [s.transition_in.type for s in segmentation.shots if s.transition_in is not None]
    scripted = brief_facts(case.brief)
    heard = _speech(case, segmentation, speech, faces)
    return {
        **scripted,
        "has_audio": case.footage.clip.has_audio,
        "several_shots": len(segmentation.shots) > 1,
        "has_gradual_transition": any(kind in ("dissolve", "fade", "wipe") for kind in transitions),
        "has_screen_text": None if text is None else bool(text.lines),
        **_people(faces, objects),
        **heard,
        "speech_meant": scripted["has_lines"] or heard["has_speech"],
        **await _sounds(case, speech),
    }


async def count_speakers(case: Case) -> int:
    """How many voices are heard; 0 where nobody can tell."""
    voices = await _found(case, "speakers") if case.footage.clip.has_audio else None
    return 0 if voices is None else len(voices.voices)


def brief_facts(brief: Brief | None) -> Facts:
    """What the brief alone tells."""
    if brief is None:
        names = "has_brief has_shot_specs several_shot_specs has_lines has_target_text has_scripted_sound"
        names += " has_scripted_music has_reference_subject has_reference_scene has_reference_voice is_advertising"
        return {**dict.fromkeys(names.split(), False), "calm_scene": False, "is_stylized": None}
    words = " ".join(
        filter(None, [brief.prompt, brief.tone, brief.style, *(f"{s.emotion} {s.description}" for s in brief.shots)])
    )
    kinds = {r.kind for r in brief.references}
    emotions = " ".join(filter(None, [brief.tone, *(s.emotion for s in brief.shots)])) or words
    return {
        "has_brief": True,
        "has_shot_specs": bool(brief.shots),
        "several_shot_specs": len(brief.shots) > 1,
        "has_lines": bool(brief.all_lines),
        "has_target_text": bool(brief.all_texts),
        "has_scripted_sound": bool(brief.sounds or any(s.sounds for s in brief.shots)),
        "has_scripted_music": bool(brief.music or any(s.music for s in brief.shots)),
        "has_reference_subject": "subject_image" in kinds,
        "has_reference_scene": "scene_image" in kinds,
        "has_reference_voice": "voice" in kinds,
        "is_advertising": bool(ADVERTISING.search(f"{brief.genre or ''} {brief.prompt}")),
        "calm_scene": bool(CALM.search(emotions)) and not TENSE.search(emotions),
        "is_stylized": bool(STYLIZED.search(f"{brief.style or ''} {brief.prompt}")) if words else None,
    }


async def _found(case: Case, tool: str) -> Any:
    """A tool's typed result; None when there is none to rely on."""
    if tool not in all_tools():
        return None
    evidence = await case.perception.look(tool)
    return case.perception.result(evidence) if evidence.found else None


def _people(faces: Any, objects: Any) -> Facts:
    """Who is seen. One detector that sees somebody is enough; that nobody is there takes both."""
    if faces is None and objects is None:
        return dict.fromkeys(("has_people", "has_several_people", "has_faces", "people_in_several_shots"))
    at_once = max(faces.at_once if faces else 0, objects.most("person") if objects else 0)
    shots = {t.shot for t in faces.tracks} if faces else set()
    shots |= {c.shot for c in objects.counts if c.name == "person" and c.most} if objects else set()
    both = faces is not None and objects is not None

    def told(seen: bool) -> bool | None:
        return True if seen else False if both else None

    return {
        "has_people": told(at_once > 0),
        "has_several_people": told(at_once > 1),
        "has_faces": None if faces is None else any(t.side_px >= LARGE_FACE_PX for t in faces.tracks),
        "people_in_several_shots": told(len(shots - {None}) > 1),
    }


def _speech(case: Case, segmentation: Segmentation, speech: Any, faces: Any) -> Facts:
    if not case.footage.clip.has_audio:
        names = "has_speech has_dialogue has_visible_speech speech_in_several_shots has_music"
        return dict.fromkeys(names.split(), False)
    if speech is None:
        return {"has_speech": None, "speech_in_several_shots": None, "has_visible_speech": None}
    spoken = [s for s in segmentation.shots if _shared(speech.spans, s.span) > HEARD_S]
    seen = None if faces is None else [Span(start_s=t.start_s, end_s=t.end_s) for t in faces.tracks]
    return {
        "has_speech": bool(speech.spans),
        "speech_in_several_shots": len(spoken) > 1,
        "has_visible_speech": None if seen is None else any(_shared(speech.spans, span) > HEARD_S for span in seen),
    }


async def _sounds(case: Case, speech: Any) -> Facts:
    """Whether there is music, and whether several people speak."""
    if not case.footage.clip.has_audio:
        return {}
    events = await _found(case, "audio_events")
    silent = speech is not None and not speech.spans
    voices = None if silent else await _found(case, "speakers")
    return {
        "has_music": None if events is None else events.has_music,
        "has_dialogue": False if silent else None if voices is None else voices.several,
    }


def _shared(spans: Iterable[Span], other: Span) -> float:
    return sum(span.overlap_s(other) for span in spans)
