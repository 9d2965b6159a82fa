"""Tool ``ocr``: the text on screen, as drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import Field

from cinejudge.media import Footage
from cinejudge.schema import Record
from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import Abstain, Look, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.drawing.marks import draw_box
from cinejudge.tools.look import Region
from cinejudge.tools.models import rapid
from cinejudge.tools.text import frames as text_frames
from cinejudge.tools.text.lines import Box, Seen, Track, Vote, cut_off, in_reading_order, merge, votes

MIN_CONFIDENCE = 0.8
"""Below this, readings on generated clips are mostly textures taken for letters or letters that no reader agrees on."""
SHORT, SHORT_CONFIDENCE = 3, 0.9
"""Up to so many letters are easily seen into patterns and must be surer."""
SURE = 0.95
"""What is seen in a single sampled frame, and a single letter, must be read with this confidence to count."""
SMALLEST_SIDE = 64


class Args(ToolArgs):
    """When and where to read; by default everywhere."""

    start_s: Annotated[float, Field(ge=0)] = 0.0
    end_s: Annotated[float, Field(ge=0)] | None = None
    """None: to the end of the clip."""
    region: Region | None = None
    """Part of the picture to enlarge and read, for small text."""


class Sighting(Record):
    """One line in one sampled frame."""

    frame: int
    time_s: float
    text: str
    confidence: float
    box: Box


class Reading(Record):
    """One wording of a line."""

    text: str
    confidence: float
    """Mean over the frames that read it."""
    frames: int
    """Sampled frames that read it."""
    first_s: float
    last_s: float


class Line(Record):
    """One line of text, followed over the sampled frames."""

    text: str
    """The wording with the largest sum of confidence; of a text that runs out of the picture the longest sure one.
    Nothing is corrected."""
    confidence: float
    box: Box
    """Where that wording was first seen."""
    first_frame: int
    last_frame: int
    """Last sampled frame that shows it."""
    start_s: float
    end_s: float
    cut_off: bool
    """Whether it runs out of the picture at some time, so that letters may be missing."""
    readings: tuple[Reading, ...]
    """All wordings in order of time: a text that changes, or that the reader is unsure of."""
    sightings: tuple[Sighting, ...]


class Result(ToolResult):
    """The lines in order of time."""

    lines: tuple[Line, ...]
    doubtful: tuple[Line, ...]
    """Seen, but not read with enough confidence: garbled, tiny, moving or not text at all."""
    min_confidence: float = MIN_CONFIDENCE
    start_s: float
    end_s: float
    step_s: float
    """Time between sampled frames: how far a line's span may be off at either end."""
    sampled: int
    read: int
    """Sampled frames that were read; the others had not changed since."""

    @property
    def summary(self) -> str:
        """The words, quoted."""
        if not self.lines:
            doubt = f"; {len(self.doubtful)} unreadable" if self.doubtful else ""
            return f"no readable text between {self.start_s:.1f} and {self.end_s:.1f} s{doubt}"
        quoted = ", ".join(f'"{line.text}" {line.start_s:.1f}-{line.end_s:.1f} s' for line in self.lines[:6])
        return quoted + (f" and {len(self.lines) - 6} more lines" if len(self.lines) > 6 else "")

    def wordings(self, *, doubtful: bool = False) -> tuple[str, ...]:
        """Every wording to compare a wanted text with: each reading of each line, and lines that stand together.

        Lines seen in the same frame are joined in reading order, up to six neighbours at a time, since a wanted text
        may be set in several lines.

        Args:
            doubtful: With the lines that were not read with enough confidence.
        """
        lines = (*self.lines, *self.doubtful) if doubtful else self.lines
        found: dict[str, None] = {reading.text: None for line in lines for reading in line.readings}
        frames: dict[int, list[Sighting]] = {}
        for line in lines:
            for sighting in line.sightings:
                frames.setdefault(sighting.frame, []).append(sighting)
        for shown in frames.values():
            ordered = [shown[i].text for i in in_reading_order([s.box for s in shown])]
            for first in range(len(ordered)):
                for last in range(first + 2, min(first + 6, len(ordered)) + 1):
                    found[" ".join(ordered[first:last])] = None
        return tuple(found)


def _small(look: Look, args: Args) -> Result:
    return _run(look, args, rapid.small_reader(look.device))


def _server(look: Look, args: Args) -> Result:
    return _run(look, args, rapid.server_reader(look.device))


def _run(look: Look, args: Args, reader: rapid.TextReader) -> Result:
    footage = look.footage
    clip = footage.clip
    if min(clip.width, clip.height) < SMALLEST_SIDE:
        raise Abstain(f"the picture is {clip.width}x{clip.height}: text needs at least {SMALLEST_SIDE} pixels a side")
    end_s = clip.duration_s if args.end_s is None else min(args.end_s, clip.duration_s)
    if args.start_s >= end_s:
        raise ToolError(f"ocr: give start_s < end_s within 0 to {clip.duration_s:.2f} s")
    first, last = footage.frame_at(args.start_s), footage.frame_at(end_s) + 1
    frames = text_frames.choose(footage, first, last)
    if not frames:
        raise Abstain(f"no picture is kept between {args.start_s:.2f} and {end_s:.2f} s")
    samples = list(text_frames.read(footage, frames, args.region, reader))
    seen = (
        Seen(i, s.frame, float(footage.times[s.frame]), line.text, line.confidence, line.box)
        for i, s in enumerate(samples)
        for line in s.lines
    )
    lines = [(_line(track), track) for track in merge(seen)]
    sure = [line for line, track in lines if _counts(line)]
    return Result(
        lines=tuple(sure),
        doubtful=tuple(line for line, _ in lines if line not in sure),
        start_s=args.start_s,
        end_s=round(end_s, 3),
        step_s=round((end_s - args.start_s) / len(frames), 3),
        sampled=len(frames),
        read=sum(s.fresh for s in samples),
    )


def _line(track: Track) -> Line:
    ranked = votes(track)
    runs_out = any(cut_off(seen.box) for seen in track.seen)
    best = ranked[0]
    if runs_out:  # text that slides out of the picture is best read while most of it is there
        best = max([best, *(vote for vote in ranked if vote.confidence >= MIN_CONFIDENCE)], key=_length)
    return Line(
        text=best.text,
        confidence=round(best.confidence, 3),
        box=_rounded(best.first.box),
        first_frame=track.seen[0].frame,
        last_frame=track.last.frame,
        start_s=round(track.seen[0].time_s, 3),
        end_s=round(track.last.time_s, 3),
        cut_off=runs_out,
        readings=tuple(_reading(vote) for vote in sorted(ranked, key=lambda v: v.first.sample)),
        sightings=tuple(
            Sighting(
                frame=s.frame,
                time_s=round(s.time_s, 3),
                text=s.text,
                confidence=round(s.confidence, 3),
                box=_rounded(s.box),
            )
            for s in track.seen
        ),
    )


def _length(vote: Vote) -> int:
    return len(vote.text)


def _reading(vote: Vote) -> Reading:
    return Reading(
        text=vote.text,
        confidence=round(vote.confidence, 3),
        frames=vote.frames,
        first_s=round(vote.first.time_s, 3),
        last_s=round(vote.last.time_s, 3),
    )


def _rounded(box: Box) -> Box:
    x0, y0, x1, y1 = (round(v, 4) for v in box)
    return x0, y0, x1, y1


def _counts(line: Line) -> bool:
    """Whether a line is read well enough. A single letter must also be read so in more than one sampled frame."""
    frames = next(reading.frames for reading in line.readings if reading.text == line.text)
    if len(line.text) == 1 or frames == 1:
        return line.confidence >= SURE and len(line.text) + frames > 2
    return line.confidence >= (SHORT_CONFIDENCE if len(line.text) <= SHORT else MIN_CONFIDENCE)


def _draw(footage: Footage, result: Result) -> Iterator[tuple[str, Any]]:
    shown: dict[int, list[tuple[Sighting, bool]]] = {}
    for lines, sure in ((result.lines, True), (result.doubtful, False)):
        for sighting in _sightings(lines):
            shown.setdefault(sighting.frame, []).append((sighting, sure))
    for frame in sorted(shown):
        rgb = footage.frame(frame)
        for sighting, sure in shown[frame]:
            colour = (255, 214, 10) if sure else (150, 150, 150)
            draw_box(rgb, sighting.box, f"{sighting.text} {sighting.confidence:.2f}", colour)
        yield f"{footage.times[frame]:.2f} s", rgb


def _sightings(lines: Iterable[Line]) -> Iterator[Sighting]:
    for line in lines:
        yield from line.sightings


TOOL = Tool(
    name="ocr",
    description=(
        "Reads the text on screen exactly as drawn, misspellings included, with its place, time span and confidence. "
        "Call it for titles, captions, signs and labels; name a time span and a region to enlarge small text."
    ),
    validity=(
        f"Upright text of Latin, Chinese or Japanese script, some 10 pixels high or more, in pictures of at least "
        f"{SMALLEST_SIDE} pixels a side. Text shown for under {1 / text_frames.SAMPLES_PER_SECOND:.1f} s may be missed."
    ),
    args=Args,
    result=Result,
    providers=(
        Provider(
            name="ppocrv5-server",
            version="1",
            fidelity="paper",
            run=_server,
            packages=("rapidocr", "onnxruntime"),
            weights=("ppocrv5-server",),
        ),
        Provider(name="rapidocr", version="1", fidelity="substitute", run=_small, packages=("rapidocr", "onnxruntime")),
    ),
    draw=_draw,
)
