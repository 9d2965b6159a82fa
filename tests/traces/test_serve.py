"""The report server gives out a run and nothing else, and only to this machine."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cinejudge.traces.folder import RunFolder
from cinejudge.traces.report.serve import ReportServer

from .fixture import make_run
from .test_terminal import APP

CLIP = "0123456789abcdef"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def server(run: Path) -> Iterator[ReportServer]:
    with ReportServer(run) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


def get(
    server: ReportServer, path: str, *, host: str | None = None, method: str = "GET", part: str | None = None
) -> Got:
    link = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        link.putrequest(method, path, skip_host=True)
        link.putheader("Host", host or f"127.0.0.1:{server.server_port}")
        if part:
            link.putheader("Range", part)
        link.endheaders()
        reply = link.getresponse()
        return Got(reply.status, dict(reply.getheaders()), reply.read())
    finally:
        link.close()


def test_the_page_holds_the_tables_and_fetches_clips(server: ReportServer, run: Path) -> None:
    page = get(server, "/").body.decode()
    assert "connect-src 'self'" in page
    assert '"whole":{}' in page
    trace = next(path.name for path in (run / "videos").iterdir() if path.name.startswith(CLIP))
    clip = json.loads(get(server, f"/clips/{trace}.json").body)
    assert clip["clip"]["id"] == CLIP
    file = next(p["file"] for p in clip["pictures"].values() if p["file"])
    reply = get(server, f"/{file}")
    assert reply.headers["Content-Type"] == "image/jpeg"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.body == (run / file).read_bytes()
    assert json.loads(get(server, "/summary.json").body)["judged"] == 2
    assert get(server, "/", method="HEAD").body == b""


def test_no_other_host_is_answered(server: ReportServer) -> None:
    for host in ("evil.example", f"evil.example:{server.server_port}", "127.0.0.1", "localhost"):
        assert get(server, "/", host=host).status == 421
    assert get(server, "/", host=f"localhost:{server.server_port}").status == 200
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_it_only_reads(server: ReportServer, method: str) -> None:
    assert get(server, "/", method=method).status == 501


@pytest.mark.parametrize(
    "path",
    [
        "/run.json",
        "/videos/x/events.jsonl",
        "/../run.json",
        "/artifacts/../run.json",
        "/artifacts/00/%2e%2e/run.json",
        "//etc/passwd",
        "/etc/passwd",
        f"/clips/{CLIP}/../x.json",
        "/clips/ffffffffffffffff.json",
        "/clips/file-0123456789abcdef.json",
        "/.lock",
        "/artifacts/00/" + "0" * 64 + ".jpg",
    ],
)
def test_there_is_nothing_else(server: ReportServer, path: str) -> None:
    assert get(server, path).status == 404


def test_a_link_does_not_lead_out(server: ReportServer, run: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    link = run / "artifacts" / "ff" / ("f" * 64 + ".jpg")
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(secret)
    assert get(server, f"/artifacts/ff/{'f' * 64}.jpg").status == 404
    link.unlink()


def test_view_serves_a_run_that_is_too_large_for_a_file(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: ReportServer) -> None:
        assert get_in_thread(self) == 200
        raise KeyboardInterrupt

    def get_in_thread(server: ReportServer) -> int:
        answered: list[int] = []
        asking = threading.Thread(target=lambda: answered.append(get(server, "/").status))
        asking.start()
        server.handle_request()
        asking.join()
        return answered[0]

    monkeypatch.setattr("cinejudge.traces.report.MAX_EMBEDDED", 1)
    monkeypatch.setattr(ReportServer, "serve_forever", interrupted)
    result = CliRunner().invoke(APP, ["view", str(run), "--no-open"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("http://127.0.0.1:")


@pytest.fixture
def with_video(tmp_path: Path) -> Iterator[tuple[ReportServer, Path, str]]:
    """A run whose first clip is a file of known content, and the address of its video."""
    video = tmp_path / "clip.mp4"
    video.write_bytes(bytes(range(256)) * 4000)
    run = make_run(tmp_path / "out", video)
    with RunFolder.reopen(run) as folder:
        trace = next(trace for trace in folder.traces() if trace.id.startswith(CLIP))
        verdict = trace.verdict()
        assert verdict is not None
        sha256 = hashlib.sha256(video.read_bytes()).hexdigest()
        trace.write_verdict(verdict.model_copy(update={"clip": verdict.clip.model_copy(update={"sha256": sha256})}))
    with ReportServer(run) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server, video, f"/clips/{trace.id}/video"
        server.shutdown()
        thread.join()


def test_the_video_is_served_whole_and_in_parts(with_video: tuple[ReportServer, Path, str]) -> None:
    server, video, address = with_video
    content = video.read_bytes()
    assert json.loads(get(server, address.replace("/video", ".json")).body)["video"] == address[1:]
    whole = get(server, address)
    assert (whole.status, whole.body) == (200, content)
    assert whole.headers["Content-Type"] == "video/mp4" and whole.headers["Accept-Ranges"] == "bytes"
    size = len(content)
    for part, expected in (
        ("bytes=0-", content),
        ("bytes=1000-1999", content[1000:2000]),
        ("bytes=-500", content[-500:]),
        (f"bytes={size - 1}-{size * 9}", content[-1:]),
    ):
        got = get(server, address, part=part)
        assert (got.status, got.body) == (206, expected), part
        assert got.headers["Content-Range"].endswith(f"/{size}")
    assert get(server, address, part=f"bytes={size}-").status == 416
    assert get(server, address, part="bytes=9-3").status == 416
    assert get(server, address, part="pages=1-2").status == 200
    assert get(server, address, method="HEAD", part="bytes=0-9").headers["Content-Length"] == "10"


def test_a_file_that_is_not_what_was_judged_is_not_served(with_video: tuple[ReportServer, Path, str]) -> None:
    server, video, address = with_video
    video.write_bytes(b"another file under the same name")
    assert get(server, address).status == 404
    other = address.replace(CLIP, "fedcba9876543210")
    assert get(server, other).status == 404
