"""Shots: proposed by detectors, inspected with evidence of another kind, corrected, and matched with the brief."""

from __future__ import annotations

from cinejudge import prompts
from cinejudge.agent.case import Case
from cinejudge.agent.segment.align import align
from cinejudge.agent.segment.inspect import Inspector, SignalInspector
from cinejudge.agent.segment.look import ModelInspector
from cinejudge.agent.segment.loop import segment
from cinejudge.agent.segment.words import words_in_shots
from cinejudge.schema import Segmentation

__all__ = ["Inspector", "ModelInspector", "SignalInspector", "align", "segment", "segment_clip"]


async def segment_clip(case: Case) -> Segmentation:
    """Segments the clip of a case, with the model's eyes where it has any, and tells the trace each decision.

    Raises:
        ToolError: no detector works here.
    """
    with case.stage("segment"):
        segmentation = await segment(case.perception, case.brief, inspector_for(case))
        if case.brief is not None and case.brief.shots:
            words = await words_in_shots(case.perception, segmentation.shots)
            aligned = align(segmentation.shots, case.brief, words.texts, words.lines)
            segmentation = segmentation.model_copy(update={"shots": aligned.shots, "notes": aligned.notes})
        for correction in segmentation.corrections:
            if correction.round:
                case.trace.event("correction", correction=correction)
        case.perception.shots = segmentation.shots
        return segmentation


def inspector_for(case: Case) -> Inspector:
    """A model that sees and calls tools looks on; otherwise the measures decide alone."""
    if case.model_sees and case.session.model.capabilities.tools:
        fence = prompts.make_fence(case.fence_key, case.footage.clip.id)
        return ModelInspector(case.perception, case.asking("segment"), fence)
    return SignalInspector()
