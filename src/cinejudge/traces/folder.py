"""The run folder: one command over many clips, continued wherever it stopped."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from cinejudge.atomic import UNFINISHED
from cinejudge.schema import Artifact, Brief, Options, Verdict, Versions, content_hash
from cinejudge.schema.errors import TraceError
from cinejudge.traces.clip import ClipTrace
from cinejudge.traces.files import cannot_write, read_record, write_bytes, write_record
from cinejudge.traces.lock import take_lock
from cinejudge.traces.run import Run, new_run
from cinejudge.traces.summary import Summary, build_summary, metrics_csv, metrics_parquet

FindArtifact = Callable[[str], Path]
"""Gives the file that holds an artifact, by SHA-256."""

_TRACE_ID = re.compile(r"[0-9a-f]{16}(-[0-9a-f]{8})?|file-[0-9a-f]{16}")
_SUFFIX = {"image/jpeg": "jpg", "image/png": "png", "audio/wav": "wav", "video/mp4": "mp4"}


class RunFolder:
    """``OUT/RUN_ID`` with everything that a run leaves behind.

    ``start`` opens it for writing and keeps other processes out until it is closed; ``load`` only reads.
    """

    def __init__(self, path: Path, run: Run, find: FindArtifact | None = None, lock: int | None = None) -> None:
        """Use :meth:`start`, :meth:`reopen` or :meth:`load`."""
        self.path = path
        self.run = run
        self._find = find
        self._lock = lock
        self._asked: dict[str, ClipTrace] = {}
        self._keeping = threading.Lock()

    @classmethod
    def start(cls, options: Options, inputs: Sequence[Path], versions: Versions, find: FindArtifact) -> RunFolder:
        """Creates the run folder for this request, or continues it.

        Failures of an earlier attempt are forgotten, since those clips are tried again, and so is the summary:
        its presence means that the run is finished.

        Args:
            options: What was asked; ``options.out`` is where run folders lie.
            inputs: Files and folders as given.
            versions: What the verdicts will depend on.
            find: Where the pictures and sounds of the verdicts come from; they are linked or copied.

        Raises:
            TraceError: another process is at work in the folder, or it cannot be written.
        """
        asked = new_run(inputs, options, versions)
        path = options.out / asked.id
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(path, error) from error
        lock = take_lock(path)
        try:
            if (path / "run.json").exists():
                run = read_record(path / "run.json", Run)
            else:
                run = asked
                write_record(path / "run.json", run)
            folder = cls(path, run, find, lock)
            folder._sweep()
            for trace in folder._present(folder._writable):
                trace.forget_failure()
            folder._unlink("summary.json")
        except BaseException:
            os.close(lock)
            raise
        return folder

    @classmethod
    def reopen(cls, path: Path) -> RunFolder:
        """Opens an existing run folder for writing: its verdicts are replaced, none is added.

        Raises:
            TraceError: it is no run folder, another process is at work in it, or it cannot be written.
        """
        run = cls.load(path).run
        folder = cls(path, run, None, take_lock(path))
        try:
            folder._sweep()
            folder._asked = {trace.id: trace for trace in folder._listed(folder._writable)}
        except BaseException:
            folder.close()
            raise
        return folder

    @classmethod
    def load(cls, path: Path) -> RunFolder:
        """Opens a run folder for reading, also one that a process is still writing.

        Raises:
            TraceError: it is no run folder, is damaged, or was written by a later version.
        """
        if not (path / "run.json").is_file():
            raise TraceError(f"{path} is not a run folder: it holds no run.json")
        return cls(path, read_record(path / "run.json", Run))

    def clip(self, clip_id: str, brief: Brief | None = None) -> ClipTrace:
        """The trace of a clip under its brief.

        Args:
            clip_id: ``Clip.id``.
            brief: What the clip is judged against; the same file under another brief has another trace.
        """
        return self._ask(clip_id if brief is None else f"{clip_id}-{content_hash(brief)[:8]}")

    def file(self, path: Path) -> ClipTrace:
        """The trace of a file that is no clip: it could not be probed, so it has a path but no content."""
        return self._ask(f"file-{content_hash(str(path.absolute()))[:16]}")

    def traces(self) -> tuple[ClipTrace, ...]:
        """The traces of this run, in the order in which they were asked for.

        While writing, those that this process asked for. When reading, those that a finished run lists, so that a
        clip which has since been replaced stays out; or all there are, when the run is not finished.
        """
        if self._lock is not None:
            return tuple(self._asked.values())
        return self._listed(ClipTrace)

    def artifact(self, sha256: str) -> Path | None:
        """The file of an artifact inside this folder, or None when it was not kept."""
        folder = self.path / "artifacts" / sha256[:2]
        return next((p for s in _SUFFIX.values() if (p := folder / f"{sha256}.{s}").exists()), None)

    def finish(self) -> Summary:
        """Writes ``metrics.csv`` and ``summary.json`` over what was asked for; the latter says that the run is done.

        Where pyarrow is installed (the extra ``parquet``), ``metrics.parquet`` stands beside them.

        Raises:
            TraceError: a verdict is damaged, or a file cannot be written.
        """
        traces = self.traces()
        summary = build_summary(self.run, traces)
        write_bytes(self.path / "metrics.csv", metrics_csv(traces).encode())
        if find_spec("pyarrow"):
            write_bytes(self.path / "metrics.parquet", metrics_parquet(traces))
        write_record(self.path / "summary.json", summary)
        return summary

    def close(self) -> None:
        """Closes the event files and lets other processes in."""
        for trace in self._asked.values():
            trace.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, trace_id: str) -> ClipTrace:
        if not _TRACE_ID.fullmatch(trace_id):
            raise TraceError(f"not the id of a clip: {trace_id!r}")
        if self._lock is None:
            return ClipTrace(self.path / "videos" / trace_id)
        if trace_id not in self._asked:
            self._asked[trace_id] = self._writable(self.path / "videos" / trace_id)
        return self._asked[trace_id]

    def _writable(self, folder: Path) -> ClipTrace:
        return ClipTrace(folder, self._keep)

    def _present(self, open_trace: Callable[[Path], ClipTrace]) -> tuple[ClipTrace, ...]:
        folders = sorted((self.path / "videos").glob("*"))
        return tuple(open_trace(f) for f in folders if f.is_dir() and _TRACE_ID.fullmatch(f.name))

    def _listed(self, open_trace: Callable[[Path], ClipTrace]) -> tuple[ClipTrace, ...]:
        summary = self.path / "summary.json"
        if not summary.exists():
            return self._present(open_trace)
        listed = read_record(summary, Summary).traces
        bad = [name for name in listed if not _TRACE_ID.fullmatch(name)]
        if bad:
            raise TraceError(f"{summary} is damaged: not the id of a clip: {bad[0]!r}")
        return tuple(open_trace(self.path / "videos" / name) for name in listed)

    def _sweep(self) -> None:
        """Removes what a killed process had begun to write: under the lock, no other run writes here."""
        for place in (".", "videos/*", "artifacts/*"):
            for unfinished in self.path.glob(f"{place}/{UNFINISHED}"):
                if not unfinished.parent.is_symlink():
                    self._unlink(str(unfinished.relative_to(self.path)))

    def _unlink(self, name: str) -> None:
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(self.path / name, error) from error

    def _keep(self, verdict: Verdict) -> None:
        with self._keeping:  # clips judged side by side share pictures
            for evidence in verdict.evidence:
                for artifact in evidence.artifacts:
                    if self.artifact(artifact.sha256) is None:
                        self._bring(artifact)

    def _bring(self, artifact: Artifact) -> None:
        if self._find is None:
            raise TraceError(f"artifact {artifact.sha256[:12]} ({artifact.caption}) is not in {self.path}")
        source = self._find(artifact.sha256)
        target = self.path / "artifacts" / artifact.sha256[:2] / f"{artifact.sha256}.{_SUFFIX[artifact.media_type]}"
        try:
            with source.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != artifact.sha256:
                    raise TraceError(f"{source} is damaged: its content is not what its name says; remove it")
        except OSError as error:
            raise TraceError(f"cannot read {source}: {error.strerror or error}") from error
        _link_or_copy(source, target)


def _link_or_copy(source: Path, target: Path) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        try:
            os.link(source, temporary)
        except OSError:  # another file system, or one without links: a copy does as well
            shutil.copyfile(source, temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise cannot_write(target, error) from error
