"""The decoding process: one open file in, one work folder out. Started by :mod:`cinejudge.media.forkserver`.

It reads its job as one line of JSON from stdin and ends when stdin closes, that is, with its parent. On stdout it
writes an empty line now and then while the work goes on, and at the end its result as one line of JSON.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import cv2

from cinejudge.media import door
from cinejudge.media.audio import decode_audio
from cinejudge.media.limits import FramePlan, MediaLimits
from cinejudge.media.measure import SIGNALS
from cinejudge.media.video import decode_video
from cinejudge.media.words import carried_words
from cinejudge.schema.errors import MediaError

_TICK_S = 0.5

_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def decode(descriptor: int, folder: Path, plan: FramePlan, limits: MediaLimits) -> dict[str, Any]:
    """Decodes pictures, then sound, into ``folder``.

    Returns:
        ``facts`` for the Clip record, names of the ``signals``, ``sound`` (``rate``, ``channels``) or None, and the
        ``words`` that the file carries beside picture and sound.

    Raises:
        MediaError: the file cannot be judged.
    """
    av.logging.set_level(None)
    cv2.setNumThreads(1)
    tick = _Pulse(folder, limits.work_bytes)
    with door.open_container(descriptor, limits) as container:
        stream = door.pick_video(container, limits)
        facts, clock, origin = decode_video(container, stream, folder, plan, limits, tick)
        facts["container"] = container.format.name.split(",")[0]
    sound = None
    # The second reading is of the page cache; it keeps damage in one stream from reaching the other.
    with door.open_container(descriptor, limits) as container:
        audio = door.pick_audio(container)
        name = audio.codec_context.codec.canonical_name if audio else None
        facts |= {"audio_codec": name, "sample_rate": None, "channels": None}
        if audio is not None:
            facts |= {"sample_rate": audio.rate, "channels": audio.channels}
            if plan.sound:
                sound = decode_audio(container, audio, folder, origin, clock.duration_s, tick)
                facts["notes"] += sound.pop("notes")
        elif container.streams.audio:
            facts["notes"].append("its sound is in a codec that is not judged")
    with door.open_container(descriptor, limits) as container:
        words = carried_words(container)
    return {"facts": facts, "signals": list(SIGNALS) if plan.signals else [], "sound": sound, "words": words}


class _Pulse:
    """Shows the parent that the work goes on, and watches the size of the work folder."""

    def __init__(self, folder: Path, work_bytes: int) -> None:
        self._folder = folder
        self._work_bytes = work_bytes
        self._last = 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if now - self._last < _TICK_S:
            return
        self._last = now
        os.write(1, b"\n")
        if sum(entry.stat().st_size for entry in os.scandir(self._folder)) > self._work_bytes:
            raise MediaError(f"decoded, it takes more than {self._work_bytes >> 20} MiB of disk, the limit")


def _confine(limits: MediaLimits) -> None:
    """No core files, bounded memory, processor time and file size: the kernel holds what our own checks miss."""
    seconds = int(limits.decode_timeout_s) * (os.cpu_count() or 1) + 1
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, limits.work_bytes),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def _follow_parent() -> None:
    # Not through sys.stdin: its lock, held here for ever, would abort the interpreter when it ends.
    with suppress(ConnectionResetError):  # it has not heard all that we said
        while os.read(0, 1):
            pass
    os._exit(1)


def main() -> None:
    """Does one job; see the module."""
    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_follow_parent, daemon=True).start()
    limits = MediaLimits(**job["limits"])
    _confine(limits)
    try:
        result = decode(job["descriptor"], Path(job["folder"]), FramePlan(**job["plan"]), limits)
    except MediaError as error:
        result = {"error": str(error)}
    except MemoryError:
        result = {"error": f"decoding it takes more than {limits.memory_bytes >> 20} MiB of memory, the limit"}
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        result = {"error": f"no room in {job['folder']} for what it decodes to: {error.strerror}"}
    os.write(1, json.dumps(result).encode() + b"\n")


if __name__ == "__main__":
    main()
