"""Plan: the questions of a suite become the questions about this very video."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from cinejudge.rubrics.answers import CANNOT_TELL_OPTION
from cinejudge.rubrics.gates import Gate, check_gate
from cinejudge.rubrics.slots import brief_slots, line_slots, needs_match, shot_slots, used_slots
from cinejudge.rubrics.vocabulary import vocabulary_options
from cinejudge.schema import SLOT, Asked, Brief, Question, Shot, ShotSpec, Span, Suite, content_hash
from cinejudge.schema.suite import Dimension, Metric, Option, Scope


@dataclass(frozen=True)
class Place:
    """One thing that a question can be asked about."""

    target: str
    shots: tuple[int, ...] = ()
    span: Span | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    """Everything the brief and the segmentation say about it."""
    matched: bool = True
    """Whether all its shots realise a shot of the brief."""


def places(scope: Scope, brief: Brief | None, shots: tuple[Shot, ...], speakers: int = 0) -> Iterator[Place]:
    """All things of a scope in this video, in order of time or of the brief."""
    everywhere = brief_slots(brief)
    if scope == "clip":
        yield Place("clip", slots=everywhere)
    elif scope == "shot":
        yield from (_shot(shot, brief, everywhere) for shot in shots)
    elif scope == "adjacent":
        yield from (_pair(first, second, brief, everywhere) for first, second in pairwise(shots))
    elif scope == "spec":
        yield from _specs(brief, shots, everywhere)
    elif scope == "speaker":
        for number in range(speakers):
            yield Place(f"speaker{number}", slots=everywhere | {"speaker.number": str(number + 1)})
    else:
        yield from _script(brief, shots, everywhere)


def plan_questions(
    suite: Suite,
    brief: Brief | None,
    shots: tuple[Shot, ...],
    facts: Mapping[str, bool | None],
    *,
    seed: int,
    speakers: int = 0,
) -> tuple[Asked, ...]:
    """Every question of the suite that exists for this video, in the order of the suite.

    A question exists where the slots that it quotes are filled; one about what the brief wants of a shot exists only
    for shots that realise a shot of the brief. Questions that a gate leaves out stay in the plan with the reason.

    Args:
        suite: The suite.
        brief: What the video was meant to be.
        shots: The corrected shots.
        facts: What gates look at; None or absent where nobody can tell.
        seed: Shuffles the options, per question.
        speakers: How many different speakers are heard.
    """
    return tuple(
        _ask(suite, dimension, metric, question, place, gate, seed)
        for dimension in suite.dimensions
        for metric in dimension.metrics
        for question in metric.questions
        for gate in (check_gate(metric.gate + question.gate, facts),)
        for place in places(question.scope, brief, shots, speakers)
        if _exists(question, place)
    )


def _exists(question: Question, place: Place) -> bool:
    needed = used_slots(question)
    unmatched = question.scope in ("shot", "adjacent") and needs_match(needed) and not place.matched
    return not unmatched and all(slot in place.slots for slot in needed)


def _ask(
    suite: Suite, dimension: Dimension, metric: Metric, question: Question, place: Place, gate: Gate, seed: int
) -> Asked:
    asked_id = f"{suite.name}/{question.id}@{place.target}"
    options = question.options
    if question.vocabulary and question.slot:
        terms = suite.vocabularies[question.vocabulary]
        options = vocabulary_options(question.vocabulary, terms, question.slot, place.slots[question.slot])
    options = tuple(option.model_copy(update={"text": _numbered(option.text, place)}) for option in options)
    shown = [question.text, question.guidance, *(option.text for option in options)]
    return Asked(
        id=asked_id,
        question=question.id,
        metric=metric.id,
        dimension=dimension.id,
        suite=suite.name,
        text=_numbered(question.text, place),
        # Only what the texts quote: the term that a vocabulary question looks for must not be given away.
        slots={s: place.slots[s] for text in shown for s in SLOT.findall(text) if s in place.slots and not _ours(s)},
        # One order for all places that the question is asked about: a model is then told the options once.
        options=(*_shuffled(options, f"{suite.name}/{question.id}", seed), CANNOT_TELL_OPTION),
        target=place.target,
        shots=place.shots,
        span=place.span,
        rule=question.rule,
        tools=question.tools,
        guidance=_numbered(question.guidance, place),
        not_applicable=gate.reason if gate.state == "fails" else None,
        not_judged=gate.reason if gate.state == "unknown" else None,
    )


def _ours(slot: str) -> bool:
    """Whether a slot is a count of our own rather than words of the brief."""
    return slot.endswith(("number", ".persons"))


def _numbered(text: str, place: Place) -> str:
    """``text`` with our own counts written in: they are no foreign words that need quoting."""
    return SLOT.sub(lambda m: place.slots.get(m[1], m[0]) if _ours(m[1]) else m[0], text)


def _shuffled(options: tuple[Option, ...], question: str, seed: int) -> list[Option]:
    return sorted(options, key=lambda option: content_hash([seed, question, option.id]))


def _shot(shot: Shot, brief: Brief | None, everywhere: dict[str, str]) -> Place:
    spec = _spec_of(shot, brief)
    return Place(
        f"shot{shot.index}",
        (shot.index,),
        shot.span,
        everywhere | shot_slots("shot", shot, spec),
        spec is not None,
    )


def _pair(first: Shot, second: Shot, brief: Brief | None, everywhere: dict[str, str]) -> Place:
    specs = _spec_of(first, brief), _spec_of(second, brief)
    return Place(
        f"shot{first.index}-{second.index}",
        (first.index, second.index),
        Span(start_s=first.start_s, end_s=max(first.end_s, second.end_s)),
        everywhere | shot_slots("shot", first, specs[0]) | shot_slots("next", second, specs[1]),
        None not in specs,
    )


def _specs(brief: Brief | None, shots: tuple[Shot, ...], everywhere: dict[str, str]) -> Iterator[Place]:
    for index, spec in enumerate(brief.shots if brief else ()):
        found = [shot for shot in shots if shot.valid and shot.spec == index]
        yield Place(
            f"spec{index}", tuple(s.index for s in found), _around(found), everywhere | shot_slots("shot", None, spec)
        )


def _script(brief: Brief | None, shots: tuple[Shot, ...], everywhere: dict[str, str]) -> Iterator[Place]:
    if brief is None:
        return
    owners = [None] * len(brief.lines) + [i for i, spec in enumerate(brief.shots) for _ in spec.lines]
    for number, (line, owner) in enumerate(zip(brief.all_lines, owners, strict=True)):
        found = [shot for shot in shots if owner is not None and shot.valid and shot.spec == owner]
        yield Place(f"line{number}", tuple(s.index for s in found), _around(found), everywhere | line_slots(line))


def _spec_of(shot: Shot, brief: Brief | None) -> ShotSpec | None:
    if brief is None or not shot.valid or shot.spec is None or not 0 <= shot.spec < len(brief.shots):
        return None
    return brief.shots[shot.spec]


def _around(shots: list[Shot]) -> Span | None:
    if not shots:
        return None
    return Span(start_s=min(s.start_s for s in shots), end_s=max(s.end_s for s in shots))
