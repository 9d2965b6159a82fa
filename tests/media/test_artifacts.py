from __future__ import annotations

import hashlib
import io
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from cinejudge.media import ArtifactStore
from cinejudge.schema.errors import TraceError
from tests.videos import texture, tone


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def test_put_and_read(store: ArtifactStore) -> None:
    sha256 = store.put(b"data", "video/mp4")
    assert sha256 == hashlib.sha256(b"data").hexdigest()
    assert store.has(sha256)
    assert store.read(sha256) == b"data"
    assert store.path(sha256).name == f"{sha256}.mp4"
    assert store.path(sha256).parent.name == sha256[:2]


def test_the_same_again_is_not_written_again(store: ArtifactStore) -> None:
    path = store.path(store.put(b"data", "image/png"))
    before = path.stat()
    store.put(b"data", "image/png")
    assert path.stat().st_ino == before.st_ino
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_half_a_file_is_replaced(store: ArtifactStore) -> None:
    path = store.path(store.put(b"data", "image/png"))
    path.write_bytes(b"da")
    store.put(b"data", "image/png")
    assert path.read_bytes() == b"data"


def test_damage_is_noticed(store: ArtifactStore) -> None:
    sha256 = store.put(b"data", "image/png")
    store.path(sha256).write_bytes(b"atad")
    with pytest.raises(TraceError, match="damaged"):
        store.read(sha256)


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "", "0" * 63, "A" * 64, "0" * 64 + "/x"])
def test_what_is_not_there(store: ArtifactStore, name: str) -> None:
    store.put(b"data", "image/png")
    assert not store.has(name)
    with pytest.raises(TraceError, match="not in"):
        store.read(name)


def test_unknown_media_type(store: ArtifactStore) -> None:
    with pytest.raises(ValueError, match="text/html"):
        store.put(b"<script>", "text/html")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TraceError, match="cannot store"):
        ArtifactStore(tmp_path / "file").put(b"data", "image/png")


def test_many_threads_store_the_same(store: ArtifactStore) -> None:
    data = bytes(1_000_000)
    with ThreadPoolExecutor(8) as pool:
        (sha256,) = set(pool.map(lambda _: store.put(data, "image/png"), range(32)))
    assert store.read(sha256) == data
    assert len(list(store.path(sha256).parent.iterdir())) == 1


def test_pictures_are_stored_as_rgb(store: ArtifactStore) -> None:
    red = np.zeros((40, 60, 3), np.uint8)
    red[..., 0] = 200
    made = store.put_image(red, "a red card", frame=7, time_s=0.25)
    assert (made.media_type, made.width, made.height, made.frame, made.time_s) == ("image/jpeg", 60, 40, 7, 0.25)
    back = cv2.imdecode(np.frombuffer(store.read(made.sha256), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert back[20, 30] == pytest.approx([200, 0, 0], abs=4)


def test_quality_costs_bytes(store: ArtifactStore) -> None:
    sizes = [len(store.read(store.put_image(texture(), "x", quality=q).sha256)) for q in (30, 85, 95)]
    assert sizes == sorted(sizes)


def test_sounds_are_stored_as_wav(store: ArtifactStore) -> None:
    made = store.put_wav(tone(1.0), 16000, "a tone", time_s=2.0)
    assert (made.media_type, made.caption, made.time_s) == ("audio/wav", "a tone", 2.0)
    with wave.open(io.BytesIO(store.read(made.sha256))) as read:
        assert (read.getnframes(), read.getnchannels()) == (16000, 1)
