from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cinejudge.schema import Artifact, Brief, Evidence, Failure, Options, Verdict, Versions
from cinejudge.schema.errors import TraceError
from cinejudge.traces import ClipTrace, RunFolder, build_summary, run_id

from .conftest import CLIP_ID

Start = Callable[..., RunFolder]
Make = Callable[..., Verdict]
HOLD = """
import sys, time
from pathlib import Path
from cinejudge.traces.lock import take_lock
take_lock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def picture(data: bytes = b"jpeg") -> Evidence:
    artifact = Artifact(sha256=hashlib.sha256(data).hexdigest(), media_type="image/jpeg", caption="a picture")
    return Evidence(
        id="ev_0123456789ab",
        tool="look",
        provider="own",
        version="1",
        fidelity="own",
        args={},
        status="found",
        artifacts=(artifact,),
    )


class TestRunId:
    def test_same_request_gives_the_same_run(self, options: Options, versions: Versions, tmp_path: Path) -> None:
        inputs = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
        first = run_id(inputs, options, versions)
        assert first == run_id(list(reversed(inputs)), options, versions)
        assert first.startswith("msavbench-offline-")

    def test_bounds_on_the_work_do_not_matter(self, options: Options, versions: Versions, tmp_path: Path) -> None:
        changed = options.model_copy(update={"jobs": 4, "limit": 2, "fail_under": 0.5})
        assert run_id([tmp_path], options, versions) == run_id([tmp_path], changed, versions)

    @pytest.mark.parametrize(
        "change",
        [
            {"model": "openai/x"},
            {"suites": {"msavbench": "c" * 64}},
            {"prompts": "c" * 64},
            {"tools": {"ocr": "rapidocr 2"}},
            {"cinejudge": "0.2.0"},
        ],
    )
    def test_another_version_of_anything_is_another_run(
        self, change: dict[str, object], options: Options, versions: Versions, tmp_path: Path
    ) -> None:
        changed = versions.model_copy(update=change)
        assert run_id([tmp_path], options, versions) != run_id([tmp_path], options, changed)

    @pytest.mark.parametrize("change", [{"seed": 1}, {"samples": 3}, {"base_url": "http://localhost:1"}])
    def test_another_way_of_asking_is_another_run(
        self, change: dict[str, object], options: Options, versions: Versions, tmp_path: Path
    ) -> None:
        assert run_id([tmp_path], options, versions) != run_id([tmp_path], options.model_copy(update=change), versions)

    def test_a_name_that_is_no_utf8(self, start: Start, tmp_path: Path) -> None:
        with start(tmp_path / os.fsdecode(b"a\xff.mp4")) as folder:
            assert "\\xff" in json.loads((folder.path / "run.json").read_text())["inputs"][0]
            folder.clip(CLIP_ID).event("clip_opened", name="a", source=tmp_path / os.fsdecode(b"a\xff.mp4"))

    def test_model_name_cannot_leave_the_folder(self, start: Start, options: Options) -> None:
        with start(model="openai/../../../etc/" + "x" * 300) as folder:
            assert folder.path.parent == options.out


class TestFolder:
    def test_what_was_asked_is_written_first_and_kept(self, start: Start) -> None:
        with start(base_url="https://user:hunter2@host:8000/v1") as folder:
            first = (folder.path / "run.json").read_text()
        assert "hunter2" not in first
        assert "https://host:8000/v1" in first
        with start(base_url="https://user:hunter2@host:8000/v1") as again:
            assert again.path == folder.path
            assert (again.path / "run.json").read_text() == first

    def test_a_kill_before_anything_was_written_is_no_obstacle(self, start: Start) -> None:
        with start() as folder:
            (folder.path / "run.json").unlink()
        with start() as again:
            assert (again.path / "run.json").exists()

    @pytest.mark.parametrize("again", ["start", "reopen"])
    def test_what_a_kill_left_unfinished_is_swept(
        self, again: str, start: Start, small_verdict: Make, tmp_path: Path
    ) -> None:
        with start() as folder:
            folder.clip(CLIP_ID).write_verdict(small_verdict())
            kept = sorted(path for path in folder.path.rglob("*") if path.is_file())
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / ".notes.tmp").touch()
        (folder.path / "videos" / "link").symlink_to(elsewhere)
        for place in (".", f"videos/{CLIP_ID}", "artifacts/0a"):
            (folder.path / place).mkdir(parents=True, exist_ok=True)
            (folder.path / place / ".metrics.csv.rur91qfs.tmp").write_bytes(b"clip,met")
        with start() if again == "start" else RunFolder.reopen(folder.path):
            assert sorted(path for path in folder.path.rglob("*") if path.is_file()) == kept
        assert (elsewhere / ".notes.tmp").exists()

    def test_verdict_means_done(self, start: Start, small_verdict: Make) -> None:
        with start() as folder:
            assert folder.clip(CLIP_ID).verdict() is None
            folder.clip(CLIP_ID).write_verdict(small_verdict())
        with start() as again:
            assert again.clip(CLIP_ID).verdict() == small_verdict()
            assert again.clip(CLIP_ID, Brief(prompt="another")).verdict() is None

    def test_failures_are_tried_again(self, start: Start, tmp_path: Path) -> None:
        failure = Failure(name="bad.mp4", error="MediaError", message="not a video")
        with start() as folder:
            folder.file(tmp_path / "bad.mp4").write_failure(failure)
            assert RunFolder.load(folder.path).traces()[0].failure() == failure
        with start() as again:
            assert again.file(tmp_path / "bad.mp4").failure() is None

    def test_a_verdict_ends_a_failure(self, start: Start, small_verdict: Make) -> None:
        with start() as folder:
            trace = folder.clip(CLIP_ID)
            trace.write_failure(Failure(name="a", error="ModelError", message="down"))
            trace.write_verdict(small_verdict())
            assert trace.failure() is None

    def test_a_replaced_clip_stays_out_of_a_finished_run(self, start: Start, small_verdict: Make) -> None:
        with start() as folder:
            folder.clip("f" * 16).write_verdict(small_verdict())
        with start() as again:
            again.clip(CLIP_ID).write_verdict(small_verdict())
            assert [t.id for t in again.traces()] == [CLIP_ID]
            summary = build_summary(again.run, again.traces())
            (again.path / "summary.json").write_text(summary.model_dump_json())
        assert [t.id for t in RunFolder.load(again.path).traces()] == [CLIP_ID]

    @pytest.mark.parametrize("name", ["../../etc", "", "0123", "g" * 16, "0123456789abcdef/..", "file-x"])
    def test_ids_are_checked(self, name: str, start: Start) -> None:
        with start() as folder, pytest.raises(TraceError, match="not the id"):
            folder.clip(name)

    def test_reading_what_is_no_run(self, tmp_path: Path) -> None:
        with pytest.raises(TraceError, match="not a run folder"):
            RunFolder.load(tmp_path)

    def test_reading_never_writes(self, start: Start, small_verdict: Make) -> None:
        with start() as folder:
            folder.clip(CLIP_ID).write_verdict(small_verdict())
        trace = RunFolder.load(folder.path).traces()[0]
        with pytest.raises(TraceError, match="reading only"):
            trace.write_verdict(small_verdict())
        with pytest.raises(TraceError, match="reading only"):
            trace.event("stage_started", stage="judge")

    def test_a_later_version_is_refused(self, start: Start, small_verdict: Make) -> None:
        with start() as folder:
            folder.clip(CLIP_ID).write_verdict(small_verdict())
        path = folder.path / "videos" / CLIP_ID / "verdict.json"
        path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 99', 1))
        with pytest.raises(TraceError, match="schema version 99"):
            RunFolder.load(folder.path).traces()[0].verdict()

    @pytest.mark.parametrize("damage", ["", "[]", "{", '{"schema_version": "one"}', '{"schema_version": 1}'])
    def test_a_damaged_record_is_named(self, damage: str, start: Start) -> None:
        with start() as folder:
            pass
        (folder.path / "run.json").write_text(damage)
        with pytest.raises(TraceError, match=r"run\.json"):
            RunFolder.load(folder.path)


class TestLock:
    def test_two_processes(self, start: Start) -> None:
        with start() as folder:
            pass
        holder = subprocess.Popen([sys.executable, "-c", HOLD, str(folder.path)], stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(TraceError, match=f"in use by process {holder.pid}") as caught:
                start()
            assert "\n" not in str(caught.value)
            RunFolder.load(folder.path)
        finally:
            holder.send_signal(signal.SIGKILL)
            holder.wait()
            holder.stdout.close()
        with start():
            pass  # the lock of a dead process is no obstacle

    def test_released_when_starting_fails(self, start: Start) -> None:
        with start() as folder:
            (folder.path / "run.json").write_text("{")
        with pytest.raises(TraceError, match="damaged"):
            start()
        (folder.path / "run.json").unlink()
        with start():
            pass


class TestArtifacts:
    def test_kept_before_the_verdict(self, start: Start, small_verdict: Make, tmp_path: Path) -> None:
        source = tmp_path / "blob"
        source.write_bytes(b"jpeg")
        evidence = picture()
        with start(find=lambda sha: source) as folder:
            folder.clip(CLIP_ID).write_verdict(small_verdict(evidence))
            kept = folder.artifact(evidence.artifacts[0].sha256)
            assert kept is not None
            assert kept.read_bytes() == b"jpeg"
            assert kept.samefile(source)  # linked, not copied

    def test_copied_where_links_do_not_work(
        self, start: Start, small_verdict: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(errno.EXDEV, "cross-device link")

        monkeypatch.setattr(os, "link", refuse)
        source = tmp_path / "blob"
        source.write_bytes(b"jpeg")
        with start(find=lambda sha: source) as folder:
            folder.clip(CLIP_ID).write_verdict(small_verdict(picture()))
            kept = folder.artifact(picture().artifacts[0].sha256)
            assert kept is not None
            assert not kept.samefile(source)
            assert list(kept.parent.iterdir()) == [kept]

    def test_missing_or_damaged_pictures_leave_no_verdict(
        self, start: Start, small_verdict: Make, tmp_path: Path
    ) -> None:
        source = tmp_path / "blob"
        with start(find=lambda sha: source) as folder:
            trace = folder.clip(CLIP_ID)
            with pytest.raises(TraceError, match="cannot read"):
                trace.write_verdict(small_verdict(picture()))
            source.write_bytes(b"something else")
            with pytest.raises(TraceError, match="damaged"):
                trace.write_verdict(small_verdict(picture()))
            assert trace.verdict() is None

    def test_a_value_that_could_not_be_read_again(self, start: Start, small_verdict: Make) -> None:
        broken = small_verdict().model_copy(update={"clip": small_verdict().clip.model_copy(update={"fps": "fast"})})
        with start() as folder, pytest.raises(TraceError, match=r"clip\.fps"), pytest.warns(UserWarning):
            folder.clip(CLIP_ID).write_verdict(broken)


class TestReopen:
    def test_replaces_verdicts_only(self, start: Start, small_verdict: Make, tmp_path: Path) -> None:
        source = tmp_path / "blob"
        source.write_bytes(b"jpeg")
        with start(find=lambda sha: source) as folder:
            folder.clip(CLIP_ID).write_verdict(small_verdict(picture()))
        source.unlink()
        with RunFolder.reopen(folder.path) as again:
            (trace,) = again.traces()
            trace.write_verdict(small_verdict(picture()).model_copy(update={"reason": "rescored"}))
            with pytest.raises(TraceError, match="is not in"):
                trace.write_verdict(small_verdict(picture(b"new")))
            with pytest.raises(TraceError, match="in use"):
                RunFolder.reopen(folder.path)
        loaded = RunFolder.load(folder.path).traces()[0].verdict()
        assert loaded is not None
        assert loaded.reason == "rescored"


def test_cannot_write(options: Options, versions: Versions, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TraceError, match="--out"):
        RunFolder.start(options.model_copy(update={"out": tmp_path / "file"}), [tmp_path], versions, Path)


@pytest.mark.skipif(not (shutil.which("mount") and os.geteuid() == 0), reason="needs root to make a small disk")
def test_full_disk(tmp_path: Path, versions: Versions, small_verdict: Make) -> None:
    """On a disk that fills up, every write says so in one line, and what was written before still reads."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("may not mount a small disk here")
    try:
        with RunFolder.start(Options(out=disk), [tmp_path], versions, Path) as folder:
            trace = folder.clip(CLIP_ID)
            trace.write_verdict(small_verdict())
            with pytest.raises(TraceError, match="No space left") as caught:
                for _ in range(10_000):
                    trace.event("error", error="X", message="m" * 900)
            assert "\n" not in str(caught.value)
            written = len(trace.events())
            assert written > 10
            long = small_verdict().model_copy(update={"reason": "r" * 300_000})
            with pytest.raises(TraceError, match="No space left"):
                trace.write_verdict(long)
            assert trace.verdict() == small_verdict()
            assert not list(trace.folder.glob(".*.tmp"))
        reread = ClipTrace(trace.folder).events()
        assert len(reread) == written
    finally:
        subprocess.run(["umount", disk], check=True)
