"""What is read and heard in each shot: evidence for which shot of the brief it realises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cinejudge.schema import Shot
from cinejudge.tools.perception import Perception


@dataclass(frozen=True)
class Words:
    """Words by index of the shot. None where no tool can read or hear; an empty entry where there is nothing."""

    texts: dict[int, tuple[str, ...]] | None
    """Lines on screen."""
    lines: dict[int, str] | None
    """What is said."""


async def words_in_shots(perception: Perception, shots: Sequence[Shot]) -> Words:
    """Reads and listens, and sorts the words into the shots by time."""
    texts = lines = None
    read = await perception.look("ocr")
    if read.found:
        seen = [(s.time_s, s.text) for line in perception.result(read).lines for s in line.sightings]
        texts = {
            shot.index: tuple(dict.fromkeys(text for at, text in seen if shot.start_s <= at < shot.end_s))
            for shot in shots
        }
    if perception.footage.clip.has_audio:
        heard = await perception.look("speech")
        if heard.found and perception.result(heard).fully_transcribed:
            said = perception.result(heard)
            lines = {shot.index: said.text_between(shot.start_s, shot.end_s) for shot in shots}
    return Words(texts, lines)
