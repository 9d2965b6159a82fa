"""Sound recordings of the user's own, such as a reference voice in a brief."""

from __future__ import annotations

import tempfile
import wave
from pathlib import Path

import numpy as np

from cinejudge.media.footage import Footage
from cinejudge.media.limits import FramePlan
from cinejudge.media.names import printable
from cinejudge.media.sound import Sound
from cinejudge.schema.errors import MediaError

MAX_BYTES = 256 << 20
MAX_S = 600.0


def read_recording(path: Path) -> Sound:
    """The sound in a WAV file of 16-bit PCM, or of a video.

    WAV is read here, without a decoder; anything else must pass the door of videos.

    Raises:
        MediaError: it is neither, is broken, has no sound, or is over a limit; one line names it.
    """
    try:
        if not path.is_file():
            raise MediaError("not a file")
        with path.open("rb") as file:
            head = file.read(12)
        sound = _wav(path) if head[:4] == b"RIFF" and head[8:] == b"WAVE" else _of_video(path)
        if not 0 < sound.duration_s <= MAX_S:
            raise MediaError(f"{sound.duration_s:.0f} s of sound are none or over the limit of {MAX_S:.0f} s")
        return sound
    except (MediaError, OSError) as error:
        why = str(error).removeprefix(f"{path.name}: ")
        raise MediaError(
            f"{printable(path.name)}: no recording that can be read: {why}; give a WAV file of 16-bit PCM"
        ) from error


def _wav(path: Path) -> Sound:
    if path.stat().st_size > MAX_BYTES:
        raise MediaError(f"over {MAX_BYTES >> 20} MiB, the limit for a recording")
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            if width != 2 or not 1 <= channels <= 2 or not 4000 <= rate <= 192_000:
                raise MediaError(f"{8 * width} bits, {channels} channels at {rate} Hz")
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise MediaError(f"a broken WAV file ({error})") from error
    whole = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], "<i2")
    return Sound((whole.reshape(-1, channels) / 32768).astype(np.float32), rate)


def _of_video(path: Path) -> Sound:
    with (
        tempfile.TemporaryDirectory(prefix="cinejudge-sound-") as name,
        Footage(path, cache=Path(name), plan=FramePlan(pictures=False)) as footage,
    ):
        sound = footage.sound
        if sound is None:
            raise MediaError("no sound in it")
        return Sound(np.array(sound.samples), sound.rate)
