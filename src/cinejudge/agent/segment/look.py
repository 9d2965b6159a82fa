"""The inspector with a model's eyes: it is shown doubtful places only, and may only choose among what was proposed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cinejudge import prompts
from cinejudge.agent.segment.inspect import Judgement, by_signals
from cinejudge.agent.segment.propose import Suspect
from cinejudge.llm.converse import ToolOutput, converse
from cinejudge.llm.session import Session
from cinejudge.schema import Artifact, Shot
from cinejudge.schema.chat import ImagePart, Message, Part, TextPart, ToolSpec
from cinejudge.schema.errors import BudgetReached, ModelError, ToolError
from cinejudge.tools.drawing.sheet import Cell, contact_sheet
from cinejudge.tools.perception import Perception

DOUBT = (0.1, 0.9)
"""Probabilities between which the measures leave it open."""
MAX_PLACES = 8
"""Places of a clip that are shown to the model; the most doubtful come first."""
MAX_TURNS = 3
FACES_S = 1.0
"""Faces are sought so long before and after a boundary."""
_SIDES = ("before it", "after it")
NONE = "none"
SURE = 0.97
"""Probability that a suspect gets which the model chose; one minus that for those it passed over."""


class ModelInspector:
    """Asks a model about places where the measures leave doubt; everywhere else the measures decide."""

    def __init__(self, perception: Perception, session: Session, fence: str) -> None:
        """Binds to a clip.

        Args:
            perception: The clip's senses.
            session: The path to the model, which must take images and call tools.
            fence: Mark for quoted data.
        """
        self._perception = perception
        self._session = session
        self._fence = fence
        self._seen: dict[tuple[str, ...], dict[str, Judgement]] = {}
        """What became of each place that was shown: a second round does not ask again."""

    async def inspect(self, suspects: Sequence[Suspect]) -> list[Judgement]:
        """One judgement per suspect, in the same order."""
        judged = {s.id: by_signals(s) for s in suspects}
        for place in _places([j.suspect for j in judged.values()]):
            ids = tuple(s.id for s in place)
            if ids not in self._seen:
                if len(self._seen) >= MAX_PLACES:
                    continue
                self._seen[ids] = await self._ask(place, judged)
            judged.update(self._seen[ids])
        return [judged[s.id] for s in suspects]

    async def _ask(self, place: Sequence[Suspect], judged: dict[str, Judgement]) -> dict[str, Judgement]:
        sheet = self._sheet(place, spacing=2)
        hidden = all(s.weak for s in place)
        text = prompts.render(
            "segment-interval" if hidden else "segment-boundary",
            **{
                "interval" if hidden else "proposal": "\n".join(_describe(s) for s in place),
                "measures": "\n".join(f"`{s.id}`: {judged[s.id].reason}" for s in place),
                "frames": "On the sheet that follows, in order, each with its frame number and time.",
            },
        )
        asked: list[Part] = [TextPart(text=text), TextPart(text=f"{sheet.caption}:"), _image(sheet)]
        chosen = _Choice(place)
        system = prompts.render("segment-system", fence=self._fence)
        try:
            outcome = await converse(
                self._session,
                (Message(role="system", parts=(TextPart(text=system),)), Message(role="user", parts=tuple(asked))),
                _tools(),
                lambda name, args: self._run(name, args, place),
                final=chosen.tool,
                check=chosen.check,
                quote=lambda words: prompts.quote(words, self._fence),
                max_turns=MAX_TURNS,
            )
        except (ModelError, BudgetReached) as error:
            # The measures' own judgement stands, and says that nobody looked.
            return {s.id: _unseen(judged[s.id], str(error)) for s in place}
        if outcome.arguments is None:
            return {s.id: _unseen(judged[s.id], outcome.reason) for s in place}
        name, signs = self._session.model.name, str(outcome.arguments["signs"])[:300]
        return {
            s.id: Judgement(
                replace(s, score=SURE if s.id == outcome.arguments["choice"] else 1 - SURE),
                f"seen: {signs}; {judged[s.id].reason}",
                name,
            )
            for s in place
        }

    async def _run(self, name: str, args: dict[str, Any], place: Sequence[Suspect]) -> ToolOutput:
        if name == "closer":
            sheet = self._sheet(place, spacing=1)
            return ToolOutput(text=sheet.caption, media=(_image(sheet),))
        if name not in ("compare", "faces"):
            raise ToolError(f"no tool named {name!r} here; there are: {', '.join(t.name for t in _tools())}")
        suspect = next((s for s in place if s.id == args.get("boundary")), None)
        if suspect is None:
            raise ToolError(f"{name}: no boundary of that name here; there are: {', '.join(s.id for s in place)}")
        if name == "compare":
            return ToolOutput(text=json.dumps(suspect.signals | suspect.features))
        return ToolOutput(text=await self._faces(suspect))

    async def _faces(self, suspect: Suspect) -> str:
        """Who is seen in the second before and in the second after a boundary, as if it stood."""
        footage = self._perception.footage
        start, end = suspect.span
        around = max(1, round(FACES_S * footage.clip.fps))
        sides = (max(0, start - around), start), (end, min(footage.clip.frames, end + around))
        times = [*map(float, footage.times), footage.clip.duration_s]
        self._perception.shots = tuple(
            Shot(index=i, start_frame=a, end_frame=b, start_s=times[a], end_s=times[b], transition_in=None)
            for i, (a, b) in enumerate(sides)
        )
        try:
            evidence = await self._perception.look("faces")
        finally:
            self._perception.shots = ()
        if not evidence.found:
            return f"faces cannot be compared: {evidence.reason}"
        found = self._perception.result(evidence)
        sides_of = {t.id: t.shot for t in found.tracks}
        seen = [f"{sum(side == i for side in sides_of.values())} faces {where}" for i, where in enumerate(_SIDES)]
        alike = [
            f"face {p.a} {_SIDES[sides_of[p.a]]} and face {p.b} {_SIDES[sides_of[p.b]]}: {p.cosine:.2f}"
            for p in found.similarities
            if sides_of[p.a] != sides_of[p.b]
        ]
        told = f"; likeness (one person from {found.threshold:.2f}): {'; '.join(alike)}" if alike else ""
        return f"{', '.join(seen)}{told}"

    def _sheet(self, place: Sequence[Suspect], spacing: int) -> Artifact:
        footage = self._perception.footage
        first, last = min(s.start for s in place), max(s.end for s in place)
        inner = range(first, last, max(1, (last - first) // 4))
        wanted = [*(first - 1 - spacing * k for k in (3, 2, 1, 0)), *inner, *(last + spacing * k for k in range(4))]
        frames = sorted({f for f in wanted if 0 <= f < footage.clip.frames})
        cells = [Cell(rgb, f"{f}  {footage.times[f]:.2f} s") for f, rgb in footage.frames(frames, max_side=480)]
        caption = f"Frames {frames[0]} to {frames[-1]}, around {', '.join(s.id for s in place)}"
        return self._perception.store.put_image(contact_sheet(cells, columns=4, cell_width=384), caption)


@dataclass(frozen=True)
class _Choice:
    """The typed answer: one of the proposed boundaries, or none."""

    place: Sequence[Suspect]

    @property
    def tool(self) -> ToolSpec:
        return ToolSpec(
            name="decide",
            description="Your decision about this place.",
            parameters={
                "type": "object",
                "properties": {
                    "choice": {
                        "type": "string",
                        "enum": [*(s.id for s in self.place), NONE],
                        "description": f"The boundary that is really there, or `{NONE}`.",
                    },
                    "signs": {"type": "string", "description": "What you saw that decides it, in one sentence."},
                },
                "required": ["choice", "signs"],
                "additionalProperties": False,
            },
        )

    def check(self, arguments: dict[str, Any]) -> str | None:
        allowed = [*(s.id for s in self.place), NONE]
        if arguments.get("choice") not in allowed:
            return f"choice must be one of {', '.join(allowed)}"
        if not isinstance(arguments.get("signs"), str):
            return "signs must be a sentence"
        return None


def _places(suspects: Sequence[Suspect]) -> list[list[Suspect]]:
    """Places in doubt, the most doubtful first: a suspect with those that cannot hold beside it."""
    places: list[list[Suspect]] = []
    taken: set[str] = set()
    for suspect in sorted(suspects, key=lambda s: abs(s.score - 0.5)):
        if suspect.id in taken or not DOUBT[0] < suspect.score < DOUBT[1]:
            continue
        place = [suspect, *(s for s in suspects if s.id != suspect.id and s.score > DOUBT[0] and s.clashes(suspect))]
        taken |= {s.id for s in place}
        if max(s.score for s in place) < DOUBT[1]:  # else the measures are sure of a rival
            places.append(sorted(place, key=lambda s: (s.start, s.end)))
    return places


def _describe(suspect: Suspect) -> str:
    if suspect.gradual:
        where = f"a gradual transition over frames {suspect.start} to {suspect.end - 1}, new shot from {suspect.end}"
    else:
        where = f"a hard cut, new shot from frame {suspect.end}"
    return f"- `{suspect.id}`: {where}"


def _unseen(judgement: Judgement, why: str) -> Judgement:
    return replace(judgement, reason=f"{judgement.reason}; no model looked: {why}")


def _image(artifact: Artifact) -> ImagePart:
    return ImagePart(artifact=artifact.sha256, width=artifact.width or 0, height=artifact.height or 0)


def _tools() -> tuple[ToolSpec, ...]:
    nothing: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
    one = nothing | {"properties": {"boundary": {"type": "string"}}, "required": ["boundary"]}
    return (
        ToolSpec(name="closer", description="The frames around this place one by one.", parameters=nothing),
        ToolSpec(
            name="compare",
            description="All measurements of one proposed boundary: difference, similarity, motion, detectors.",
            parameters=one,
        ),
        ToolSpec(
            name="faces",
            description="How many faces are seen before and after one proposed boundary, and how alike they are.",
            parameters=one,
        ),
    )
