"""Tool ``similarity``: how alike shots are, in subject, background, style and as whole pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from cinejudge.schema import Record
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.sampling import shot_pictures

if TYPE_CHECKING:
    from cinejudge.tools.models.views import Vector, View

ANCHORS = {"whole": (0.37, 0.92), "background": (0.29, 0.89), "style": (0.43, 0.98), "subject": (0.38, 0.86)}
"""Cosines that count as 0 and 1; see ``docs/perception.md`` for what they were measured on.

One is the median over pictures of the same shot. Nought is the median over pictures of different clips; for style
their 5th percentile, since many clips share one manner.
"""


class Args(ToolArgs):
    """Which shots, and what to compare them with."""

    shots: tuple[int, ...] = ()
    """Shot indices; empty means all."""
    references: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()
    """Artifacts: pictures of a subject that is looked for in each shot."""


class Alike(Record):
    """How alike two things are."""

    value: float
    """0 (as different clips are) to 1 (as pictures of one shot are)."""
    cosine: float
    """Of the network's descriptions, mean over the pictures; not comparable with another network's."""


class Pair(Record):
    """Two shots. None where one of them shows nothing to compare: no subject, no free background, a blank picture."""

    first: int
    second: int
    whole: Alike | None
    background: Alike | None
    style: Alike | None
    subject: Alike | None
    cut: Alike | None
    """Last picture of the first against first of the second, for neighbours."""


class Match(Record):
    """A shot against a reference picture."""

    shot: int
    reference: str
    subject: Alike | None


class Result(ToolResult):
    """Every pair of shots, and every shot against every reference."""

    pairs: tuple[Pair, ...]
    matches: tuple[Match, ...]

    @property
    def summary(self) -> str:
        """The pairs in numbers."""
        told = [f"shots {p.first} and {p.second}: " + _numbers(p) for p in self.pairs[:6]]
        told += [f"shot {m.shot} and reference: {m.subject.value:.2f}" for m in self.matches[:6] if m.subject]
        return "; ".join(told) or "nothing to compare"

    def pair(self, first: int, second: int) -> Pair | None:
        """The pair of two shots, in either order."""
        wanted = {first, second}
        return next((p for p in self.pairs if {p.first, p.second} == wanted), None)


def _numbers(pair: Pair) -> str:
    parts = {name: getattr(pair, name) for name in ("whole", "background", "style", "subject")}
    return ", ".join(f"{name} {alike.value:.2f}" for name, alike in parts.items() if alike) or "nothing to compare"


def _run(look: Look, args: Args) -> Result:
    from cinejudge.tools.models.views import views

    shots = shot_pictures.chosen(look, args.shots)
    if len(shots) < 2 and not args.references:
        raise Abstain("one shot alone: there is nothing to compare it with")
    seen = {shot.index: list(views(shot_pictures.few(look.footage, shot), look.device)) for shot in shots}
    references = {name: next(views([shot_pictures.reference(look, name)], look.device)) for name in args.references}
    return Result(
        pairs=tuple(_pair(a, b, seen[a], seen[b]) for a, b in shot_pictures.pairs(shots)),
        matches=tuple(
            Match(shot=index, reference=name, subject=_alike(seen[index], [view], "subject", _subjects))
            for name, view in references.items()
            for index in seen
        ),
    )


def _pair(first: int, second: int, a: Sequence[View], b: Sequence[View]) -> Pair:
    return Pair(
        first=first,
        second=second,
        whole=_alike(a, b, "whole", lambda view: _some(view.whole)),
        background=_alike(a, b, "background", lambda view: _some(view.background)),
        style=_alike(a, b, "style", lambda view: _some(view.style)),
        subject=_alike(a, b, "subject", _subjects),
        cut=_alike(a[-1:], b[:1], "whole", lambda view: _some(view.whole)) if abs(second - first) == 1 else None,
    )


def _some(vector: Vector | None) -> tuple[Vector, ...]:
    return () if vector is None else (vector,)


def _subjects(view: View) -> tuple[Vector, ...]:
    return view.subjects


def _alike(a: Sequence[View], b: Sequence[View], kind: str, of: Callable[[View], tuple[Vector, ...]]) -> Alike | None:
    """Mean over the pairs of pictures that show such a thing; of several subjects the two most alike."""
    from cinejudge.tools.models.views import cosine

    found = [max(cosine(x, y) for x in of(v) for y in of(w)) for v in a if of(v) for w in b if of(w)]
    if not found:
        return None
    mean = sum(found) / len(found)
    zero, one = ANCHORS[kind]
    return Alike(value=round(min(1.0, max(0.0, (mean - zero) / (one - zero))), 4), cosine=round(mean, 4))


TOOL = Tool(
    name="similarity",
    description=(
        "Compares shots by sight: subject (people, animals or the main thing), background without people, style "
        "(line, grain, texture) and whole picture, each 0 to 1, for every pair. Call it when a person, a place or "
        "the look should stay the same from shot to shot."
    ),
    validity=(
        "At least two shots. Subjects of 48 pixels and more; backgrounds where people leave a fifth of the picture; "
        "blank pictures such as title cards are left out. For whether two faces are one person call `faces`."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="efficientnet-lite0",
            version="1",
            fidelity="substitute",
            run=_run,
            weights=("efficientnet-lite0", "human-models"),
        ),
    ),
    uses_shots=True,
)
