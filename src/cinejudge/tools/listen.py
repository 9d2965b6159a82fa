"""Tool ``listen``: the sound of a time span, for models that hear."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult

LONGEST_S = 30.0
RATE = 16_000


class Args(ToolArgs):
    """When to listen."""

    start_s: Annotated[float, Field(ge=0)]
    end_s: Annotated[float, Field(ge=0)]


class Result(ToolResult):
    """A stretch of sound, mono at 16 kHz."""

    start_s: float
    end_s: float
    artifact: str

    @property
    def summary(self) -> str:
        """Which stretch."""
        return f"sound from {self.start_s:.2f} s to {self.end_s:.2f} s"


def _run(look: Look, args: Args) -> Result:
    sound = look.footage.sound
    if sound is None:
        raise Abstain("the clip has no sound")
    end_s = min(args.end_s, sound.duration_s)
    if end_s - args.start_s < 0.1:
        raise ToolError(f"listen: give at least 0.1 s within 0 to {sound.duration_s:.2f} s")
    if end_s - args.start_s > LONGEST_S:
        raise ToolError(f"listen: at most {LONGEST_S:.0f} s at a time")
    part = sound.slice(args.start_s, end_s).mono(RATE)
    artifact = look.store.put_wav(part, RATE, f"sound {args.start_s:.2f} to {end_s:.2f} s", time_s=args.start_s)
    look.artifacts.append(artifact)
    return Result(start_s=args.start_s, end_s=end_s, artifact=artifact.sha256)


TOOL = Tool(
    name="listen",
    description="Plays the sound of a time span (up to 30 s). Call it to hear voices, music, effects or silence.",
    validity="Clips with sound.",
    args=Args,
    result=Result,
    providers=(Provider(name="own", version="1", fidelity="own", run=_run),),
)
