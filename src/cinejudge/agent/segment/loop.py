"""Propose, inspect, correct, at most twice; then align with the brief."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cinejudge.agent.segment.align import align
from cinejudge.agent.segment.correct import IsShot, least, log_odds, pooled, possible_shots, probability, select
from cinejudge.agent.segment.flash import flashes
from cinejudge.agent.segment.inspect import BY_SIGNALS, Inspector, Judgement
from cinejudge.agent.segment.propose import Suspect, confident, measured, suspects
from cinejudge.agent.segment.search import hidden
from cinejudge.schema import Boundary, Brief, Clip, Correction, Segmentation, Shot, Transition
from cinejudge.schema.errors import ToolError
from cinejudge.tools.boundaries import Measured
from cinejudge.tools.perception import Perception
from cinejudge.tools.shots import Result as Proposals

ROUNDS = 2
OPEN = 0.02
"""Probability below which a suspect is not looked at again."""


@dataclass(frozen=True)
class Placed:
    """A boundary that stands, with its time."""

    boundary: Boundary
    start_s: float
    """When the first frame with a trace of the new shot is shown."""
    end_s: float
    """When the first clean frame of the new shot is shown."""


@dataclass(frozen=True)
class Round:
    """What one round decided."""

    boundaries: tuple[Placed, ...]
    decisions: dict[str, tuple[Correction, ...]]
    """What was decided about each suspect, by its id."""


async def segment(perception: Perception, brief: Brief | None, inspector: Inspector) -> Segmentation:
    """Finds the shots of a clip and corrects its own finding.

    Args:
        perception: The clip's senses.
        brief: What the clip was meant to be, if known. It never makes or unmakes a boundary.
        inspector: Who judges the proposed boundaries.

    Returns:
        The shots with everything that was decided about them.

    Raises:
        ToolError: no detector works here.
        MediaError: the clip cannot be judged.
    """
    evidence = await perception.look("shots")
    if not evidence.found:
        raise ToolError(f"shots cannot be found: {evidence.reason}")
    found: Proposals = perception.result(evidence)
    proposed = suspects(found.candidates, evidence.id)
    is_shot = possible_shots(found.plain, perception.footage.clip)
    rounds = await correct(perception, proposed, inspector, is_shot)
    shots = shots_between(perception.footage.clip, rounds[-1].boundaries if rounds else ())
    corrections = [s.proposal for s in proposed if not s.weak] + [
        c for r in rounds for decided in r.decisions.values() for c in decided
    ]
    aligned = align(shots, brief)
    return Segmentation(
        shots=aligned.shots,
        corrections=tuple(sorted(corrections, key=lambda c: (c.frame, c.round))),
        rounds=len(rounds),
        expected=len(brief.shots) if brief and brief.shots else None,
        notes=aligned.notes,
    )


async def correct(
    perception: Perception, proposed: Sequence[Suspect], inspector: Inspector, is_shot: IsShot
) -> list[Round]:
    """The rounds of correction: the first over what was proposed, the second knowing the shots of the first.

    The second round measures again what stands or nearly did, now looking no further than the shots on both sides,
    and searches long shots for boundaries that nobody dared to propose.
    """
    clip = perception.footage.clip
    bounds: Sequence[Suspect] = confident(proposed)
    in_question = [s for s in proposed if not s.weak]
    reserve = [s for s in proposed if s.weak]
    rounds: list[Round] = []
    scores: dict[str, float] = {}
    for number in range(1, ROUNDS + 1):
        if not in_question:
            break
        judged = await inspector.inspect(await measured(perception, in_question, bounds))
        judged = [_with_earlier(j, scores.get(j.suspect.id)) for j in judged]
        scores = {j.suspect.id: j.suspect.score for j in judged}
        seen = [j.suspect for j in judged]
        bounds = select(pooled(seen), is_shot, clip.frames)
        lit = await flashes(perception, bounds, seen)
        bounds = [b for b in bounds if b.id not in lit]
        judged = [replace(j, reason=f"{lit[j.suspect.id]}; {j.reason}") if j.suspect.id in lit else j for j in judged]
        rounds.append(_decide(judged, bounds, number, rounds[-1].decisions if rounds else {}))
        in_question = [j.suspect for j in judged if j.suspect.score > OPEN and j.suspect.id not in lit]
        in_question += hidden(bounds, reserve, clip.frames, clip.fps)
    return rounds


def _with_earlier(judgement: Judgement, earlier: float | None) -> Judgement:
    """A second measuring of the same place weighs as much as the first; what a model saw stands by itself."""
    if earlier is None or judgement.by != BY_SIGNALS:
        return judgement
    suspect = judgement.suspect
    score = probability((log_odds(suspect.score) + log_odds(earlier)) / 2)
    return replace(judgement, suspect=replace(suspect, score=score))


def _decide(
    judged: Sequence[Judgement], chosen: Sequence[Suspect], number: int, before: Mapping[str, tuple[Correction, ...]]
) -> Round:
    """Turns judgements into decisions: each suspect is kept, moved, retyped or merged, with the reason."""
    boundaries: list[Placed] = []
    decisions: dict[str, tuple[Correction, ...]] = {}
    kept = {s.id: s for s in chosen}
    for judgement in judged:
        suspect, found = judgement.suspect, judgement.suspect.found
        if suspect.id not in kept or found is None:
            decisions[suspect.id] = (_dropped(judgement, chosen, number),)
            continue
        if suspect.score < least(suspect):  # it would not stand by itself
            suspect = kept[suspect.id]
            reason = f"{suspect.score:.2f} together with another reading of the same change; {judgement.reason}"
            judgement = replace(judgement, suspect=suspect, reason=reason)
        decisions[suspect.id] = _kept(judgement, found, number)
        boundary = Boundary(
            transition=Transition(type=found.kind, start_frame=found.start, end_frame=found.end),
            confidence=suspect.score,
            detectors=tuple(suspect.proposal.by.split(", ")),
            history=(suspect.proposal, *before.get(suspect.id, ()), *decisions[suspect.id]),
        )
        boundaries.append(Placed(boundary, found.start_s, found.end_s))
    return Round(tuple(sorted(boundaries, key=lambda p: p.boundary.frame)), decisions)


def _kept(judgement: Judgement, found: Measured, number: int) -> tuple[Correction, ...]:
    suspect = judgement.suspect
    start, end, kind = found.start, found.end, found.kind
    decide = partial(Correction, round=number, by=judgement.by, evidence=judgement.evidence or suspect.evidence)
    decided = [
        decide(
            action="split" if suspect.weak else "keep",
            frame=suspect.end,
            reason=judgement.reason,
            measures=found.measures | {"probability": round(suspect.score, 4)},
        ),
    ]
    if (start, end) != (suspect.start, suspect.end):
        decided.append(decide(action="move", frame=end, reason=f"the transition spans frames {start} to {end}"))
    if kind != suspect.kind:
        was, is_ = (k.replace("_", " ") for k in (suspect.kind, kind))
        decided.append(decide(action="retype", frame=end, reason=f"not a {was} but a {is_}"))
    return tuple(decided)


def _dropped(judgement: Judgement, chosen: Sequence[Suspect], number: int) -> Correction:
    suspect = judgement.suspect
    rival = next((c for c in chosen if suspect.clashes(c)), None)
    why = f"the boundary at frame {rival.end} explains it; " if rival else ""
    return Correction(
        round=number,
        action="merge",
        frame=suspect.end,
        reason=why + judgement.reason,
        by=judgement.by,
        evidence=judgement.evidence or suspect.evidence,
        measures=(suspect.found.measures if suspect.found else {}) | {"probability": round(suspect.score, 4)},
    )


def shots_between(clip: Clip, placed: Sequence[Placed]) -> tuple[Shot, ...]:
    """Shots from boundaries in order. A shot ends where the transition out of it starts."""
    starts = [(0, 0.0), *((p.boundary.frame, p.end_s) for p in placed)]
    ends = [*((p.boundary.transition.start_frame, p.start_s) for p in placed), (clip.frames, clip.duration_s)]
    into = [None, *(p.boundary for p in placed)]
    return tuple(
        Shot(
            index=i,
            start_frame=start,
            end_frame=end,
            start_s=start_s,
            end_s=max(start_s, end_s),
            transition_in=boundary.transition if boundary else None,
            history=boundary.history if boundary else (),
        )
        for i, ((start, start_s), (end, end_s), boundary) in enumerate(zip(starts, ends, into, strict=True))
    )
