"""The facts that gates ask for, found with as little looking as they need.

``rubrics.gates.FACTS`` says in words what each one means. A fact is None when the tool that could tell is missing or
abstained; what depends on it then ends as not judged rather than not applicable.
"""

from __future__ import annotations

import re
from typing import Any

from cinejudge.agent.case import Case
from cinejudge.schema import Brief, Segmentation
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


async def find_facts(case: Case, segmentation: Segmentation) -> Facts:
    """Everything that gates may ask about this clip and its brief."""
    return {
        **brief_facts(case.brief),
        "has_audio": case.footage.clip.has_audio,
        "several_shots": len(segmentation.shots) > 1,
        "has_gradual_transition": any(
            s.transition_in is not None and s.transition_in.type in ("dissolve", "fade", "wipe")
            for s in segmentation.shots
        ),
        **await _heard(case, segmentation),
    }


def brief_facts(brief: Brief | None) -> Facts:
    """What the brief alone tells."""
    if brief is None:
        names = "has_brief has_shot_specs several_shot_specs has_lines has_target_text has_scripted_sound"
        names += " has_scripted_music has_reference_subject has_reference_scene has_reference_voice is_advertising"
        return {**dict.fromkeys(names.split(), False), "calm_scene": None, "is_stylized": None}
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
        "calm_scene": True if CALM.search(emotions) and not TENSE.search(emotions) else None if not words else False,
        "is_stylized": bool(STYLIZED.search(f"{brief.style or ''} {brief.prompt}")) if words else None,
    }


async def _found(case: Case, tool: str) -> Any:
    """A tool's typed result; None when there is none to rely on."""
    if tool not in all_tools():
        return None
    evidence = await case.perception.look(tool)
    return case.perception.result(evidence) if evidence.found else None


async def _heard(case: Case, segmentation: Segmentation) -> Facts:
    if not case.footage.clip.has_audio:
        names = "has_speech has_dialogue has_visible_speech speech_in_several_shots has_music"
        return dict.fromkeys(names.split(), False)
    speech = await _found(case, "speech")
    if speech is None:
        return {"has_speech": None, "speech_in_several_shots": None}
    spoken = [s for s in segmentation.shots if any(span.overlap_s(s.span) > 0.3 for span in speech.spans)]
    return {"has_speech": bool(speech.spans), "speech_in_several_shots": len(spoken) > 1}
