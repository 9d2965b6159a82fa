"""What two runs say differently, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cinejudge.schema import Answer, Asked, Finding, MetricScore, Record, SuiteVerdict, Verdict, Versions
from cinejudge.traces.clip import ClipTrace
from cinejudge.traces.folder import RunFolder

SAME = 1e-9
"""Scores closer than this are the same."""


class ScoreChange(Record):
    """One score that differs."""

    suite: str
    metric: str | None = None
    """None for the suite's own score."""
    before: float | None
    after: float | None
    why: tuple[str, ...]


class ClipDiff(Record):
    """One clip in both runs."""

    name: str
    paired_by: str
    """What the two have in common: ``file and brief``, ``file``, or only the ``name``."""
    scores: tuple[ScoreChange, ...]
    appeared: tuple[str, ...]
    """Findings that only the second run has."""
    gone: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.scores or self.appeared or self.gone)


class RunDiff(Record):
    """Two runs side by side."""

    runs: tuple[str, str]
    conditions: tuple[str, ...]
    """What was asked differently: suites, model, tools, versions, ways of asking."""
    clips: tuple[ClipDiff, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]


def diff_runs(first: RunFolder, second: RunFolder) -> RunDiff:
    """Compares the verdicts of two runs, clip by clip.

    Raises:
        TraceError: a trace is damaged.
    """
    left, right = _judged(first), _judged(second)
    pairs = list(_paired(left, right))
    paired = {id(verdict) for _, *both in pairs for verdict in both}
    return RunDiff(
        runs=(first.run.id, second.run.id),
        conditions=tuple(_conditions(first, second, left, right)),
        clips=tuple(_clip(by, one, other) for by, one, other in pairs),
        only_first=tuple(verdict.clip.name for _, verdict in left if id(verdict) not in paired),
        only_second=tuple(verdict.clip.name for _, verdict in right if id(verdict) not in paired),
    )


Judged = Sequence[tuple[ClipTrace, Verdict]]


def _judged(folder: RunFolder) -> Judged:
    return [(trace, verdict) for trace in folder.traces() if (verdict := trace.verdict())]


def _paired(left: Judged, right: Judged) -> Iterator[tuple[str, Verdict, Verdict]]:
    """Each clip with its like, by the strongest thing they have in common."""
    open_left, open_right = list(left), list(right)
    for by in ("file and brief", "file", "name"):
        for one in list(open_left):
            other = next((o for o in open_right if _common(by, one) == _common(by, o)), None)
            if other:
                open_left.remove(one)
                open_right.remove(other)
                yield by, one[1], other[1]


def _common(by: str, judged: tuple[ClipTrace, Verdict]) -> str:
    trace, verdict = judged
    return {"file and brief": trace.id, "file": verdict.clip.sha256, "name": verdict.clip.name}[by]


def _conditions(first: RunFolder, second: RunFolder, left: Judged, right: Judged) -> Iterator[str]:
    was, now = _versions(first, left), _versions(second, right)
    for name in ("cinejudge", "model", "prompts"):
        if getattr(was, name) != getattr(now, name):
            yield f"{name}: {_short(getattr(was, name))} became {_short(getattr(now, name))}"
    for kind, before, after in (("suite", was.suites, now.suites), ("tool", was.tools, now.tools)):
        yield from _between(kind, before, after)
    options = {"seed": "seed", "samples": "answers to each question", "base_url": "server"}
    for field, words in options.items():
        one, other = (getattr(folder.run.options, field) for folder in (first, second))
        if one != other:
            yield f"{words}: {one} became {other}"


def _versions(folder: RunFolder, judged: Judged) -> Versions:
    """Those of the run, with the suites that its verdicts were scored by last."""
    rescored = {name: hash_ for _, verdict in judged for name, hash_ in verdict.versions.suites.items()}
    return folder.run.versions.model_copy(update={"suites": folder.run.versions.suites | rescored})


def _between(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield f"{kind} {name} was left out"
        elif name not in before:
            yield f"{kind} {name} was added"
        elif before[name] != after[name]:
            yield f"{kind} {name}: {_short(before[name])} became {_short(after[name])}"


def _short(version: str) -> str:
    return version[:12] if len(version) == 64 else version


def _clip(by: str, was: Verdict, now: Verdict) -> ClipDiff:
    names = [name for name in was.suites if name in now.suites]
    changes = [change for name in names for change in _suite(was, now, was.suites[name], now.suites[name])]
    before, after = ({_known(f) for f in verdict.findings} for verdict in (was, now))
    return ClipDiff(
        name=was.clip.name if was.clip.name == now.clip.name else f"{was.clip.name} / {now.clip.name}",
        paired_by=by,
        scores=tuple(changes),
        appeared=tuple(_told(f) for f in now.findings if _known(f) not in before),
        gone=tuple(_told(f) for f in was.findings if _known(f) not in after),
    )


def _known(finding: Finding) -> tuple[str, str, tuple[int, ...]]:
    return finding.suite, finding.mode, finding.shots


def _told(finding: Finding) -> str:
    when = f" at {finding.spans[0].start_s:.2f} s" if finding.spans else ""
    return f"{finding.severity}: {finding.title}{when}"


def _suite(was: Verdict, now: Verdict, one: SuiteVerdict, other: SuiteVerdict) -> Iterator[ScoreChange]:
    weights = [
        f"weight of {d.name}: {d.weight:g} became {e.weight:g}"
        for d in one.dimensions
        for e in other.dimensions
        if d.id == e.id and d.weight != e.weight
    ]
    if one.completion != other.completion:
        weights.append(f"shot completion: {_number(one.completion)} became {_number(other.completion)}")
    if _differ(one.score, other.score):
        yield ScoreChange(suite=one.name, before=one.score, after=other.score, why=tuple(weights))
    questions = {q.id: q for q in was.questions}, {q.id: q for q in now.questions}
    before, after = ({m.id: m for d in suite.dimensions for m in d.metrics} for suite in (one, other))
    for name in dict.fromkeys([*before, *after]):
        metric, again = before.get(name), after.get(name)
        if metric is None or again is None:
            why = "is new in the suite" if metric is None else "is no longer in the suite"
            yield ScoreChange(
                suite=one.name,
                metric=name,
                before=metric.score if metric else None,
                after=again.score if again else None,
                why=(why,),
            )
        elif _differ(metric.score, again.score) or metric.status != again.status:
            why_ = tuple(_metric(metric, again, *questions))
            yield ScoreChange(suite=one.name, metric=name, before=metric.score, after=again.score, why=why_)


def _metric(
    was: MetricScore, now: MetricScore, asked_then: Mapping[str, Asked], asked_now: Mapping[str, Asked]
) -> Iterator[str]:
    if was.status != now.status:
        yield f"{was.status.replace('_', ' ')} became {now.status.replace('_', ' ')}"
        if now.reason and now.status != "scored":
            yield now.reason
    if was.measured and now.measured:
        if was.raw != now.raw:
            yield f"{now.measured.name}: {_number(was.raw)} became {_number(now.raw)} {now.unit}".rstrip()
        elif was.raw is not None and not was.answers and _differ(was.score, now.score):
            yield "its mapping was changed"
    if was.providers != now.providers:
        yield f"judged by {', '.join(was.providers) or 'nothing'}, then by {', '.join(now.providers) or 'nothing'}"
    before, after = ({answer.asked: answer for answer in metric.answers} for metric in (was, now))
    for name in dict.fromkeys([*before, *after]):
        yield from _answer(name, before.get(name), after.get(name), asked_then.get(name), asked_now.get(name))


def _answer(
    name: str, was: Answer | None, now: Answer | None, asked_then: Asked | None, asked_now: Asked | None
) -> Iterator[str]:
    if was is None or now is None:
        yield f"{name} {'is new' if was is None else 'is no longer asked'}"
        return
    if asked_then and asked_now and asked_then.content != asked_now.content:
        yield f"{name} was reworded"
    if was.option != now.option:
        yield f"{name}: {_said(was)} became {_said(now)}"
    elif _differ(was.score, now.score):
        yield f"{name}: {now.option} scores {_number(now.score)} instead of {_number(was.score)}"


def _said(answer: Answer) -> str:
    return f"{answer.option} ({answer.by})" if answer.option else answer.status.replace("_", " ")


def _differ(one: float | None, other: float | None) -> bool:
    return (one is None) != (other is None) or (one is not None and other is not None and abs(one - other) > SAME)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
