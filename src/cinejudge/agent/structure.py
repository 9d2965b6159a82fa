"""Findings of the segmentation itself: shots that the brief asks for and the clip lacks, and the other way round."""

from __future__ import annotations

from cinejudge.schema import Brief, Finding, Segmentation, content_hash


def structure_findings(brief: Brief | None, segmentation: Segmentation) -> tuple[Finding, ...]:
    """Missing shots of the brief and shots that match none of it; nothing without a shot list."""
    if brief is None or not segmentation.expected:
        return ()
    realised = {shot.spec for shot in segmentation.shots if shot.valid and shot.spec is not None}
    missing = [spec for spec in brief.shots if spec.index not in realised]
    extra = [shot for shot in segmentation.shots if not shot.valid]
    found = [
        Finding(
            id=_id("missing_shot", spec.index),
            mode="missing_shot",
            severity="critical",
            title=f"Shot {spec.index + 1} of the brief is missing",
            detail=f"The brief specifies {segmentation.expected} shots; {len(realised)} of them are found.",
            suggestion=f"Generate shot {spec.index + 1} as a shot of its own, between its neighbours.",
            suite="",
        )
        for spec in missing
    ]
    found += [
        Finding(
            id=_id("extra_shot", shot.start_frame),
            mode="extra_shot",
            severity="moderate",
            title=f"Shot {shot.index + 1} matches nothing in the brief",
            detail=f"From {shot.start_s:.2f} to {shot.end_s:.2f} s.",
            suggestion="Remove it, or merge it with the shot that it belongs to.",
            suite="",
            shots=(shot.index,),
            spans=(shot.span,),
        )
        for shot in extra
    ]
    return tuple(found)


def _id(mode: str, place: int) -> str:
    return f"f_{content_hash([mode, place])[:10]}"
