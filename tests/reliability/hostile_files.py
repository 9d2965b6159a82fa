"""Files that try something: to lead elsewhere, to be too much, or to have a name that hurts."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av
import numpy as np

from tests.videos import Picture, make_video, texture


def make_hostile(folder: Path, canary: Path, port: int) -> None:
    """Writes them into ``folder``.

    Args:
        folder: Where to; it exists.
        canary: A video outside ``folder`` that nobody may open.
        port: A port of this machine that nobody may call.
    """
    (folder / "concat-script.mp4").write_text(f"ffconcat version 1.0\nfile '{canary}'\n", encoding="utf-8")
    (folder / "playlist.mp4").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{canary}\n#EXTINF:10,\n"
        f"http://127.0.0.1:{port}/stolen.ts\n#EXT-X-ENDLIST\n",
        encoding="utf-8",
    )
    (folder / "session.mp4").write_text(f"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n", encoding="utf-8")
    _external_track(folder / "external-track.mov", canary)
    (folder / "declares-8-exabytes.mp4").write_bytes(
        _box(b"ftyp", b"isom\0\0\2\0isomiso2mp41") + struct.pack(">I4sQ", 1, b"mdat", 1 << 63) + b"x" * 64
    )
    (folder / "declares-huge-picture.gif").write_bytes(b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\x80\0\0" * 3)
    _many_streams(folder / "many-streams.mkv", 300)
    make_video(folder / "endless.mkv", _pictures(3), times=[0.0, 1.0, 4.0e6])
    _grows(folder / "changes-size.mpg")
    _elementary(folder / "no-container.mp4")
    (folder / "random.mp4").write_bytes(np.random.default_rng(0).bytes(200_000))
    _bit_errors(folder / "bit-errors.mp4")
    os.mkfifo(folder / "pipe.mp4")
    (folder / "loop-a.mp4").symlink_to("loop-b.mp4")
    (folder / "loop-b.mp4").symlink_to("loop-a.mp4")
    (folder / "nowhere.mp4").symlink_to("missing.mp4")
    (folder / "device.mp4").symlink_to("/dev/zero")
    (folder / "folder.mp4").mkdir()
    for name in ("new\nline \x1b[31m.mp4", "-o leading-dash.mp4", "n" * 251 + ".mp4", "$(touch pwned);`id`.mp4"):
        (folder / name).write_bytes(b"not a video")
    Path(os.fsdecode(bytes(folder) + b"/\xff\xfe no utf-8.mp4")).write_bytes(b"not a video")


def good(path: Path, seed: int = 1) -> Path:
    """A clip that nothing is wrong with."""
    return make_video(path, _pictures(24, seed=seed))


def _pictures(count: int, height: int = 90, width: int = 160, seed: int = 1) -> Iterator[Picture]:
    picture = texture(height, width, seed)
    return (np.roll(picture, index, axis=1) for index in range(count))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _external_track(path: Path, canary: Path) -> None:
    """A movie whose samples lie in another file, as QuickTime's reference movies have them."""
    text = os.fsencode(canary) + bytes(len(os.fsencode(canary)) % 2)
    absolute_path = struct.pack(">HH", 2, len(text)) + text
    # Creator, volume, file name and directories are left empty.
    alias = bytes(4 + 10 + 28 + 12 + 64 + 16 + 4 + 16) + absolute_path + struct.pack(">hH", -1, 0)
    path.write_bytes(_referring(canary.read_bytes(), _box(b"alis", alias)))


def _referring(data: bytes, reference: bytes) -> bytes:
    """A movie without its own samples: whatever it tells of them holds for the file that is referred to."""
    out, place = b"", 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        content = data[place + 8 : place + size]
        place += size
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
            content = _referring(content, reference)
        elif kind == b"dref":
            content = content[:4] + struct.pack(">I", 1) + reference
        elif kind == b"mdat":
            kind, content = b"free", bytes(len(content))
        out += _box(kind, content)
    return out


def _many_streams(path: Path, count: int) -> None:
    with av.open(str(path), "w") as out:
        streams = [out.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(count)]
        for stream in streams:
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 80), np.int16), format="s16", layout="mono")
            frame.sample_rate = 8000
            out.mux(stream.encode(frame))


def _grows(path: Path) -> None:
    """Two programme streams one after the other: the picture changes its size in the middle."""
    small, large = path.with_suffix(".a.mpg"), path.with_suffix(".b.mpg")
    codec = {"codec": "mpeg2video", "options": {"qscale": "3"}, "fps": 25}
    make_video(small, _pictures(25), **codec)  # type: ignore[arg-type]
    make_video(large, _pictures(25, 360, 640, seed=2), **codec)  # type: ignore[arg-type]
    path.write_bytes(small.read_bytes() + large.read_bytes())
    small.unlink()
    large.unlink()


def _elementary(path: Path) -> None:
    """Bare H.264 without a container, thus without time stamps."""
    with av.open(str(path.with_suffix(".h264")), "w", format="h264") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        frames = (av.VideoFrame.from_ndarray(np.ascontiguousarray(p), format="rgb24") for p in _pictures(24))
        for packet in chain.from_iterable(map(stream.encode, [*frames, None])):
            out.mux(packet)
    path.with_suffix(".h264").rename(path)


def _bit_errors(path: Path) -> None:
    make_video(path, _pictures(48))
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(1)
    for place in random.integers(len(data) // 8, len(data) * 3 // 4, 40):
        data[int(place)] ^= 1 << int(random.integers(8))
    path.write_bytes(bytes(data))
