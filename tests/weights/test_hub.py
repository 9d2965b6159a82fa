"""Weights whose hashes only a hub knows, against a server with the hub's redirects and headers."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from cinejudge import weights
from cinejudge.cli.weights import app
from cinejudge.schema.errors import WeightsMissing
from cinejudge.weights import entries
from cinejudge.weights.entries import HubSource, Licence, UrlSource, Weight, WeightFile
from cinejudge.weights.hub import state

CONFIG = b'{"model_type": "net"}'
TENSORS = b"tensors " * 8192
COMMIT, OTHER = "a1" * 20, "b2" * 20


@dataclass
class Hub:
    """What the server holds, and what it was asked."""

    address: str = ""
    commit: str = COMMIT
    files: dict[str, bytes] = field(default_factory=lambda: {"config.json": CONFIG, "net.safetensors": TENSORS})
    large: tuple[str, ...] = ("net.safetensors",)
    stated: dict[str, str] = field(default_factory=dict)
    """Hashes that are stated instead of the right ones."""
    break_after: int | None = None
    asked: list[str] = field(default_factory=list)

    def digest(self, name: str) -> str:
        content = self.files[name]
        if name in self.large:
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(http.server.BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        hub = self.hub
        wanted = self.headers.get("Range")
        hub.asked.append(f"{self.command} {self.path}" + (f" {wanted}" if wanted else ""))
        parts = self.path.split("/")
        if self.path.startswith("/old/"):
            self.reply(307, {"Location": self.path.replace("/old/", "/owner/")})
        elif parts[1] == "store":
            self.content(hub.files[parts[2]], wanted)
        elif parts[1:4] == ["owner", "net", "resolve"] and parts[4] in ("main", hub.commit) and parts[5] in hub.files:
            name = parts[5]
            stated = hub.stated.get(name, hub.digest(name))
            if name in hub.large:
                size = str(len(hub.files[name]))
                store = hub.address.replace("127.0.0.1", "localhost")  # large files lie with another host
                linked = {"X-Linked-Etag": f'"{stated}"', "X-Linked-Size": size, "Location": f"{store}/store/{name}"}
                self.reply(302, {"X-Repo-Commit": hub.commit, "ETag": '"of the pointer"', **linked})
            else:
                self.content(hub.files[name], wanted, {"X-Repo-Commit": hub.commit, "ETag": f'W/"{stated}"'})
        else:
            self.reply(404, {})

    def reply(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def content(self, body: bytes, wanted: str | None, headers: dict[str, str] | None = None) -> None:
        if wanted:
            body = body[int(wanted.removeprefix("bytes=").rstrip("-")) :]
        self.send_response(206 if wanted else 200)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: self.hub.break_after])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    known = Hub()
    handler = type("Handler", (_Handler,), {"hub": known})
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("CINEJUDGE_WEIGHTS_MIRROR", "CINEJUDGE_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        known.address = f"http://127.0.0.1:{running.server_address[1]}"
        monkeypatch.setenv("HF_ENDPOINT", known.address + "/")
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield known
        running.shutdown()
        thread.join()


def source(repo: str = "owner/net", revision: str = "main") -> HubSource:
    members = {"config.json": "config.json", "net.safetensors": "net.safetensors"}
    return HubSource(kind="hub", repo=repo, revision=revision, members=members)


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch):
    def set_catalogue(given: HubSource, sha256: str | None = None) -> None:
        weight = Weight(
            name="net",
            purpose="a test",
            default=False,
            licence=Licence(package="-", weights="MIT", known="its card"),
            files={"config.json": WeightFile(), "net.safetensors": WeightFile(sha256=sha256)},
            sources=(given,),
        )
        monkeypatch.setattr(entries, "catalog", lambda: {"net": weight})
        monkeypatch.setattr(weights, "catalog", lambda: {"net": weight})

    return set_catalogue


def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache/weights/net"


def test_files_are_verified_by_what_the_hub_states_and_recorded(hub: Hub, tmp_path: Path, offer) -> None:
    offer(source())
    seen: list[tuple[str, int, int]] = []
    weights.pull(["net"], progress=lambda *step: seen.append(step))
    assert weights.path("net", "net.safetensors").read_bytes() == TENSORS
    assert weights.path("net", "config.json").read_bytes() == CONFIG
    came = weights.receipt_of("net")["net.safetensors"]
    assert came.sha256 == hashlib.sha256(TENSORS).hexdigest()
    assert came.origin == f"{hub.address}/owner/net@{COMMIT}"
    total = len(CONFIG) + len(TENSORS)
    assert seen[-1] == ("net", total, total) and all(size == total for _, _, size in seen)


@pytest.mark.parametrize("name", ["config.json", "net.safetensors"])
def test_the_hubs_own_client_reads_the_same(hub: Hub, name: str) -> None:
    import huggingface_hub

    theirs = huggingface_hub.get_hf_file_metadata(f"{hub.address}/owner/net/resolve/main/{name}")
    ours = state(source(), name, "main")
    assert (ours.commit, ours.size, ours.digest) == (theirs.commit_hash, theirs.size, theirs.etag)


def test_all_files_are_of_one_commit(hub: Hub, offer) -> None:
    offer(source())
    weights.pull(["net"])
    assert hub.asked[0] == "HEAD /owner/net/resolve/main/config.json"
    assert all(f"/resolve/{COMMIT}/" in asked for asked in hub.asked[1:] if "/store/" not in asked)


def test_another_commit_than_the_pinned_one_is_refused(hub: Hub, offer) -> None:
    offer(source(revision=COMMIT))
    hub.commit = OTHER
    with pytest.raises(WeightsMissing, match="404"):
        weights.pull(["net"])
    offer(source(revision="main"))
    weights.pull(["net"])
    assert weights.receipt_of("net")["config.json"].origin.endswith(OTHER)


@pytest.mark.parametrize("name", ["config.json", "net.safetensors"])
def test_a_file_that_is_not_what_the_hub_states_is_not_installed(hub: Hub, tmp_path: Path, offer, name: str) -> None:
    offer(source())
    hub.stated[name] = hub.digest(name)[::-1]
    with pytest.raises(WeightsMissing, match=f"{name} is not what the hub states"):
        weights.pull(["net"])
    assert name in weights.missing("net") and not (folder(tmp_path) / name).exists()


def test_a_hash_in_the_catalogue_outweighs_the_hub(hub: Hub, offer) -> None:
    offer(source(), sha256="0" * 64)
    with pytest.raises(WeightsMissing, match="the hub states SHA-256"):
        weights.pull(["net"])
    assert not any("/store/" in asked for asked in hub.asked)


def test_a_server_that_states_nothing_is_no_hub(hub: Hub, offer) -> None:
    offer(source())
    hub.stated["net.safetensors"] = "etag-of-a-cache"
    with pytest.raises(WeightsMissing, match="states no hash"):
        weights.pull(["net"])
    hub.commit = "latest"
    with pytest.raises(WeightsMissing, match="does not state a commit"):
        weights.pull(["net"])


def test_a_renamed_repository_is_followed(hub: Hub, offer) -> None:
    offer(source(repo="old/net"))
    weights.pull(["net"])
    assert weights.present("net")


def test_a_download_goes_on_where_it_broke_off(hub: Hub, offer) -> None:
    offer(source())
    hub.break_after = 20_000
    with pytest.raises(WeightsMissing, match="run the command again"):
        weights.pull(["net"])
    hub.break_after = None
    weights.pull(["net"])
    assert weights.path("net", "net.safetensors").read_bytes() == TENSORS
    assert any(asked.endswith("bytes=20000-") for asked in hub.asked)


def test_a_file_that_changes_later_is_noticed(hub: Hub, tmp_path: Path, offer) -> None:
    offer(source())
    weights.pull(["net"])
    (folder(tmp_path) / "net.safetensors").write_bytes(TENSORS[::-1])
    with pytest.raises(WeightsMissing, match="damaged"):
        weights.path("net")


def test_files_placed_by_hand_are_recorded_before_they_are_used(hub: Hub, tmp_path: Path, offer) -> None:
    offer(source())
    with pytest.raises(WeightsMissing, match=rf"put config\.json, net\.safetensors from .* into {folder(tmp_path)}"):
        weights.pull(["net"], offline=True)
    folder(tmp_path).mkdir(parents=True)
    (folder(tmp_path) / "config.json").write_bytes(CONFIG)
    (folder(tmp_path) / "net.safetensors").write_bytes(TENSORS)
    assert not weights.present("net")
    weights.pull(["net"], offline=True)
    assert weights.path("net", "net.safetensors").read_bytes() == TENSORS
    assert weights.receipt_of("net")["net.safetensors"].origin == "placed by hand"
    assert hub.asked == []
    (folder(tmp_path) / "net.safetensors").write_bytes(TENSORS[::-1])
    with pytest.raises(WeightsMissing, match="damaged"):
        weights.path("net")


def test_the_mirror_serves_what_the_hub_does(hub: Hub, tmp_path: Path, monkeypatch, offer) -> None:
    offer(source())
    (tmp_path / "mirror/net").mkdir(parents=True)
    (tmp_path / "mirror/net/config.json").write_bytes(CONFIG)
    (tmp_path / "mirror/net/net.safetensors").write_bytes(TENSORS)
    monkeypatch.setenv("CINEJUDGE_WEIGHTS_MIRROR", str(tmp_path / "mirror"))
    weights.pull(["net"], offline=True)
    assert weights.receipt_of("net")["config.json"].origin == "mirror"


def test_list_tells_what_is_not_known_and_how_to_do_without_a_network(hub: Hub, tmp_path: Path, offer) -> None:
    offer(source())
    shown = CliRunner().invoke(app, ["list"]).stdout
    assert "net (extra)  size not known  not here: cinejudge weights pull net" in shown
    assert "known from: its card" in shown
    assert f"from {hub.address}/owner/net/tree/main into {folder(tmp_path)}" in shown
    weights.pull(["net"])
    shown = CliRunner().invoke(app, ["list"]).stdout
    assert (
        f"came     net.safetensors 0.1 MB, SHA-256 {hashlib.sha256(TENSORS).hexdigest()[:12]}…, {hub.address}" in shown
    )
    (row,) = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    assert row["size_bytes"] is None and row["files"]["config.json"]["size"] == len(CONFIG)


def test_only_a_hub_may_leave_a_hash_open() -> None:
    with pytest.raises(ValidationError, match="no hub states them"):
        Weight(
            name="net",
            purpose="a test",
            default=False,
            licence=Licence(package="-", weights="MIT", known="ours"),
            files={"net.bin": WeightFile(size=3)},
            sources=(UrlSource(kind="url", url="https://example.org/net.bin", download=3, file="net.bin"),),
        )


def test_the_catalogue_takes_no_code_from_a_hub() -> None:
    plain = {".json", ".txt", ".model", ".safetensors", ".onnx", ".bin", ".pt", ".pth", ".ckpt"}
    taken = [f for w in weights.catalog().values() for s in w.sources if isinstance(s, HubSource) for f in s.members]
    assert taken and {Path(file).suffix for file in taken} <= plain
