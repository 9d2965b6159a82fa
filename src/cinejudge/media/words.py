"""Words that a file carries beside picture and sound: tags, chapter names, text subtitles. Read in the child process.

They describe nothing that is judged and no model is shown them; they are kept so that people can be told of words in
them that address a judge.
"""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.container import InputContainer

MAX_CHARS = 20_000
"""Of all words together; what comes after is left out."""
TEXT_SUBTITLES = frozenset(("subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text"))
"""Subtitles whose packets are plain text, so that no decoder is needed to read them."""


def carried_words(container: InputContainer) -> list[str]:
    """Each tag, chapter name and subtitle as ``name: words``, without repetition, in the order of the file."""
    kept: list[str] = []
    left = MAX_CHARS
    for name, text in dict.fromkeys(_all(container)):
        entry = f"{name}: {text.strip()}"[:left]
        left -= len(entry)
        if left <= 0:
            break
        kept.append(entry)
    return kept


def _all(container: InputContainer) -> Iterator[tuple[str, str]]:
    yield from container.metadata.items()
    for stream in container.streams:
        yield from stream.metadata.items()
    for chapter in container.chapters():
        yield from (("chapter", text) for text in chapter["metadata"].values())
    yield from _subtitles(container)


def _subtitles(container: InputContainer) -> Iterator[tuple[str, str]]:
    streams = [s for s in container.streams.subtitles if s.codec_context and s.codec_context.name in TEXT_SUBTITLES]
    if not streams:
        return
    try:
        for packet in container.demux(streams):
            data = bytes(packet)
            if packet.stream.codec_context.name == "mov_text":  # two bytes of length, then boxes of style
                data = data[2 : 2 + int.from_bytes(data[:2], "big")]
            if data:
                yield "subtitle", data.decode("utf-8", "replace")
    except av.FFmpegError:
        return  # a damaged end: what was read before stands, and the picture tells of the damage
