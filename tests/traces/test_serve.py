"""The report server gives out a run and nothing else, and only to this machine."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

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


def get(server: ReportServer, path: str, *, host: str | None = None, method: str = "GET") -> Got:
    link = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        link.putrequest(method, path, skip_host=True)
        link.putheader("Host", host or f"127.0.0.1:{server.server_port}")
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
