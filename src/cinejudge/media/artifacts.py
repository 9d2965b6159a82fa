"""Pictures and sounds that show evidence, stored by content."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge.atomic import write_atomic
from cinejudge.media.sound import Sound
from cinejudge.schema import Artifact
from cinejudge.schema.errors import TraceError

_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "audio/wav": "wav", "video/mp4": "mp4"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ArtifactStore:
    """Blobs under ``root/ab/<sha256>.<extension>``. Many threads and processes may write the same store."""

    def __init__(self, root: Path) -> None:
        """Names the folder; it is made with the first blob."""
        self._root = root

    def put(self, data: bytes, media_type: str) -> str:
        """Stores ``data`` unless it is there already.

        Returns:
            Its SHA-256, hex.

        Raises:
            ValueError: a media type that no artifact has.
            TraceError: the folder cannot be written.
        """
        extension = _EXTENSIONS.get(media_type)
        if extension is None:
            raise ValueError(f"no artifact has the media type {media_type!r}")
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._root / sha256[:2] / f"{sha256}.{extension}"
        if path.is_file() and path.stat().st_size == len(data):
            return sha256
        try:
            write_atomic(path, data, durable=False)
        except OSError as error:
            raise TraceError(f"cannot store an artifact in {self._root}: {error.strerror}") from error
        return sha256

    def put_image(
        self,
        rgb: NDArray[np.uint8],
        caption: str,
        *,
        frame: int | None = None,
        time_s: float | None = None,
        quality: int = 85,
    ) -> Artifact:
        """Stores an RGB picture, uint8 [H, W, 3], as JPEG of the given quality (1 to 100)."""
        import cv2

        done, jpeg = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not done:
            raise ValueError(f"cannot encode a picture of shape {rgb.shape}")
        size: dict[str, Any] = {"width": rgb.shape[1], "height": rgb.shape[0]}
        sha256 = self.put(jpeg.tobytes(), "image/jpeg")
        return Artifact(sha256=sha256, media_type="image/jpeg", caption=caption, frame=frame, time_s=time_s, **size)

    def put_wav(
        self, samples: NDArray[np.float32], rate: int, caption: str, *, time_s: float | None = None
    ) -> Artifact:
        """Stores mono sound, float32 [n] in [-1, 1], as 16-bit WAV."""
        sha256 = self.put(Sound(samples.reshape(-1, 1), rate).wav(), "audio/wav")
        return Artifact(sha256=sha256, media_type="audio/wav", caption=caption, time_s=time_s)

    def has(self, sha256: str) -> bool:
        """Whether the blob is there."""
        return self._find(sha256) is not None

    def read(self, sha256: str) -> bytes:
        """The blob, its content checked against its name.

        Raises:
            TraceError: it is missing or damaged.
        """
        path = self.path(sha256)
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise TraceError(
                f"artifact {path} is damaged: its content does not match its name; delete it and run again"
            )
        return data

    def path(self, sha256: str) -> Path:
        """Where the blob lies.

        Raises:
            TraceError: it is missing.
        """
        path = self._find(sha256)
        if path is None:
            raise TraceError(f"artifact {sha256!r} is not in {self._root}; the same command makes it again")
        return path

    def _find(self, sha256: str) -> Path | None:
        if not _SHA256.fullmatch(sha256):
            return None
        stem = self._root / sha256[:2] / sha256
        return next((p for e in _EXTENSIONS.values() if (p := stem.with_suffix(f".{e}")).is_file()), None)
