"""Tool ``consistency``: how alike shots are by the networks that MSAVBench names, as its cosines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from cinejudge.schema import Record
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.sampling import shot_pictures

if TYPE_CHECKING:
    from cinejudge.tools.models.descriptors import Descriptors, Vectors


class Args(ToolArgs):
    """All shots are compared."""

    references: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()
    """Artifacts: pictures of a subject that is looked for in each shot."""


class Pair(Record):
    """Cosines of two shots, mean over their pictures; None where one of them shows nothing to compare."""

    first: int
    second: int
    subject: float | None
    background: float | None
    style: float | None


class Match(Record):
    """A shot against a reference picture."""

    shot: int
    reference: str
    subject: float | None


class Result(ToolResult):
    """Every pair of shots, and every shot against every reference."""

    pairs: tuple[Pair, ...]
    matches: tuple[Match, ...]

    @property
    def summary(self) -> str:
        """The pairs in numbers."""
        told = [f"shots {p.first} and {p.second}: {_numbers(p)}" for p in self.pairs[:6]]
        told += [f"shot {m.shot} and reference: {m.subject:.2f}" for m in self.matches[:6] if m.subject is not None]
        return "cosines: " + ("; ".join(told) or "nothing to compare")

    def pair(self, first: int, second: int) -> Pair | None:
        """The pair of two shots, in either order."""
        return next((p for p in self.pairs if {p.first, p.second} == {first, second}), None)


def _numbers(pair: Pair) -> str:
    found = {name: getattr(pair, name) for name in ("subject", "background", "style")}
    return ", ".join(f"{name} {value:.2f}" for name, value in found.items() if value is not None) or "nothing"


def _run(look: Look, args: Args) -> Result:
    from cinejudge.tools.models.descriptors import describe

    shots = shot_pictures.chosen(look)
    if len(shots) < 2 and not args.references:
        raise Abstain("one shot alone: there is nothing to compare it with")
    pictures = {name: shot_pictures.reference(look, name) for name in args.references}
    seen = {shot.index: list(describe(shot_pictures.few(look.footage, shot), look.device)) for shot in shots}
    wanted = {name: list(describe([picture], look.device)) for name, picture in pictures.items()}
    return Result(
        pairs=tuple(
            Pair(
                first=a,
                second=b,
                **{kind: _cosine(seen[a], seen[b], kind) for kind in ("subject", "background", "style")},
            )
            for a, b in shot_pictures.pairs(shots)
        ),
        matches=tuple(
            Match(shot=index, reference=name, subject=_cosine(seen[index], view, "subject"))
            for name, view in wanted.items()
            for index in seen
        ),
    )


def _cosine(a: Sequence[Descriptors], b: Sequence[Descriptors], kind: str) -> float | None:
    """Mean over the pairs of pictures that show such a thing; of several subjects the two most alike."""
    left: list[Vectors] = [found for view in a if len(found := getattr(view, kind))]
    right: list[Vectors] = [found for view in b if len(found := getattr(view, kind))]
    cosines = [float((x @ y.T).max()) for x in left for y in right]
    return round(sum(cosines) / len(cosines), 4) if cosines else None


TOOL = Tool(
    name="consistency",
    description=(
        "Compares shots as MSAVBench does: cosines of subjects (DINOv2), of backgrounds with people erased (CLIP) and "
        "of style (CSD), for every pair. Call `similarity` for values that say what is the same and what is foreign."
    ),
    validity=(
        "At least two shots. Subjects of 48 pixels and more, found by another detector than the paper's; backgrounds "
        "where people leave a fifth of the picture; blank pictures are left out. A cosine has no zero: unlike things "
        "have one above nought too."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="dinov2-clip-csd",
            version="1",
            fidelity="paper",
            run=_run,
            packages=("transformers",),
            weights=("dinov2-base", "clip-vit-l14", "csd-vit-l", "human-models"),
            extra="hub",
        ),
    ),
    uses_shots=True,
)
