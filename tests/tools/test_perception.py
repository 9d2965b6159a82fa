"""The senses for one clip: caching, shared calls, honest outcomes."""

import asyncio
import errno
import logging
import threading

import numpy as np
import pytest
from pydantic import Field

from cinejudge.media import ArtifactStore
from cinejudge.schema.errors import ConfigError, MediaError, ToolError, WeightsMissing
from cinejudge.tools import perception as module
from cinejudge.tools import registry
from cinejudge.tools.contract import Abstain, Provider, Tool, ToolArgs, ToolResult
from cinejudge.tools.perception import Perception
from cinejudge.weights.receipt import Received, record

from .fakes import FakeFootage, scene, shots


class Args(ToolArgs):
    number: int = Field(default=1, ge=0)


class Result(ToolResult):
    value: float

    @property
    def summary(self) -> str:
        return f"value {self.value}"


class Bench:
    """A tool whose provider does what the test says, and a clip to look at."""

    def __init__(self, tmp_path, monkeypatch):
        self.root, self.calls, self.heard = tmp_path, [], []
        self.does = lambda look, args: Result(value=args.number)
        self.provider = Provider(name="one", version="1", fidelity="own", run=self._run)
        self.tool = None
        self.set()
        monkeypatch.setattr(module, "get_tool", self._get)
        self.footage = FakeFootage(scene(4))

    def _run(self, look, args):
        self.calls.append((args, look.shots))
        return self.does(look, args)

    def _get(self, name):
        if name != "bench":
            raise ConfigError(f"no tool named {name!r}")
        return self.tool

    def set(self, providers=None, **more):
        self.tool = Tool(
            name="bench",
            description="",
            validity="",
            args=Args,
            result=Result,
            providers=providers or (self.provider,),
            **more,
        )

    def senses(self, footage=None):
        return Perception(
            footage or self.footage,
            ArtifactStore(self.root / "artifacts"),
            self.root / "evidence",
            listener=lambda evidence, cached: self.heard.append((evidence.status, cached)),
        )


@pytest.fixture
def bench(tmp_path, monkeypatch):
    return Bench(tmp_path, monkeypatch)


async def test_evidence_names_its_tool_provider_version_and_arguments(bench):
    senses = bench.senses()
    evidence = await senses.look("bench", number=3)
    assert (evidence.tool, evidence.provider, evidence.version, evidence.fidelity) == ("bench", "one", "1", "own")
    assert evidence.args == {"number": 3} and evidence.summary == "value 3.0" and evidence.found
    assert senses.result(evidence) == Result(value=3) and senses.found == {evidence.id: evidence}


async def test_calls_at_the_same_time_and_later_look_once(bench):
    senses = bench.senses()
    started, go = threading.Event(), threading.Event()

    def slow(look, args):
        started.set()
        assert go.wait(5)
        return Result(value=1)

    bench.does = slow
    both = asyncio.gather(senses.look("bench"), senses.look("bench", number=1))
    await asyncio.to_thread(started.wait, 5)
    go.set()
    first, second = await both
    third = await senses.look("bench")
    assert first is second is third and len(bench.calls) == 1
    assert bench.heard == [("found", False)]


async def test_a_caller_that_gives_up_does_not_take_the_result_from_the_others(bench):
    senses = bench.senses()
    go = threading.Event()
    bench.does = lambda look, args: (go.wait(5), Result(value=1))[1]
    gives_up, waits = (asyncio.create_task(senses.look("bench")) for _ in range(2))
    await asyncio.sleep(0.05)
    gives_up.cancel()
    go.set()
    assert (await waits).found
    with pytest.raises(asyncio.CancelledError):
        await gives_up


async def test_another_run_finds_it_in_the_cache(bench):
    found = await bench.senses().look("bench")
    again = await bench.senses().look("bench")
    assert again == found and len(bench.calls) == 1
    assert bench.heard == [("found", False), ("found", True)]


@pytest.mark.parametrize("change", ["argument", "version", "clip", "weights"])
async def test_whatever_could_change_the_result_is_looked_at_anew(bench, change, monkeypatch):
    monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(bench.root))
    monkeypatch.setattr(registry, "readiness", lambda provider, device: registry.Readiness(provider, True))
    bench.set((Provider(name="one", version="1", fidelity="own", run=bench._run, weights=("net",)),))
    (bench.root / "weights/net").mkdir(parents=True)
    first = await bench.senses().look("bench")
    footage, number = None, 1
    if change == "argument":
        number = 2
    elif change == "version":
        bench.set((Provider(name="one", version="2", fidelity="own", run=bench._run, weights=("net",)),))
    elif change == "weights":
        received = Received(size=1, sha256="ef" * 32, origin="a hub")
        record(bench.root / "weights/net", "net.safetensors", received)
    else:
        footage = FakeFootage(scene(4), sha256="cd" * 32)
    second = await bench.senses(footage).look("bench", number=number)
    assert second.id != first.id and len(bench.calls) == 2


async def test_shots_count_only_for_tools_that_use_them(bench):
    for uses_shots, calls in ((False, 1), (True, 2)):
        bench.calls.clear()
        bench.set(
            uses_shots=uses_shots, providers=(Provider(name=f"p{calls}", version="1", fidelity="own", run=bench._run),)
        )
        senses = bench.senses()
        for known in (shots((0, 2), (2, 4)), shots((0, 4))):
            senses.shots = known
            await senses.look("bench")
        assert [seen for _, seen in bench.calls] == ([shots((0, 2), (2, 4)), shots((0, 4))] if uses_shots else [()])


async def test_a_damaged_or_outdated_record_is_replaced(bench):
    found = await bench.senses().look("bench")
    (path,) = (bench.root / "evidence").rglob("*.json")
    for broken in (b"{", found.model_copy(update={"data": {"other": 1}}).model_dump_json().encode()):
        path.write_bytes(broken)
        assert await bench.senses().look("bench") == found.model_copy(update={"seconds": pytest.approx(0, abs=1)})
    assert len(bench.calls) == 3


async def test_a_cache_that_cannot_be_written_ends_the_run_in_one_line(bench, monkeypatch):
    def full(path, data, durable):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "write_atomic", full)
    with pytest.raises(ConfigError, match=r"cannot write in the cache folder .*: No space left on device"):
        await bench.senses().look("bench")


async def test_evidence_whose_pictures_are_gone_is_found_again(bench):
    def draws(look, args):
        look.artifacts.append(look.store.put_image(np.zeros((8, 8, 3), np.uint8), "black"))
        return Result(value=1)

    bench.does = draws
    evidence = await bench.senses().look("bench")
    await bench.senses().look("bench")
    assert len(bench.calls) == 1
    ArtifactStore(bench.root / "artifacts").path(evidence.artifacts[0].sha256).unlink()
    await bench.senses().look("bench")
    assert len(bench.calls) == 2


@pytest.mark.parametrize(
    ("error", "status", "kept"),
    [
        (Abstain("faces under 64 px"), "abstained", True),
        (ToolError("the picture is odd"), "failed", False),
        (WeightsMissing("get it with `cinejudge weights pull x`"), "unavailable", False),
    ],
)
async def test_an_honest_outcome_is_evidence(bench, error, status, kept):
    def raises(look, args):
        raise error

    bench.does = raises
    evidence = await bench.senses().look("bench")
    assert (evidence.status, evidence.reason, evidence.data) == (status, str(error), {})
    await bench.senses().look("bench")
    assert len(bench.calls) == (1 if kept else 2)


@pytest.mark.parametrize(
    ("does", "named"),
    [
        (lambda look, args: {}["missing"], "KeyError"),
        (lambda look, args: Result(value=float("nan")), "ValidationError"),
    ],
)
async def test_a_providers_fault_is_logged_recorded_and_not_kept(bench, caplog, does, named):
    bench.does = does
    with caplog.at_level(logging.ERROR):
        evidence = await bench.senses().look("bench")
    assert evidence.status == "failed" and "internal error" in evidence.reason and named in evidence.reason
    assert "\n" not in evidence.reason and evidence.data == {} and evidence.summary == ""
    assert named in caplog.text and "Traceback" in caplog.text
    bench.does = lambda look, args: Result(value=1)
    assert (await bench.senses().look("bench")).found


@pytest.mark.parametrize("error", [MediaError("cannot be decoded"), ConfigError("wrong")])
async def test_what_concerns_the_clip_or_the_request_is_raised(bench, error):
    def raises(look, args):
        raise error

    bench.does = raises
    with pytest.raises(type(error), match=str(error)):
        await bench.senses().look("bench")


@pytest.mark.parametrize(
    ("args", "says"),
    [({"number": -1}, "number: .*greater than or equal"), ({"path": "/etc/passwd"}, "path: Extra inputs")],
)
async def test_wrong_arguments_are_refused_in_one_line(bench, args, says):
    with pytest.raises(ToolError, match=says) as caught:
        await bench.senses().look("bench", **args)
    assert "\n" not in str(caught.value) and bench.calls == []


async def test_an_unknown_tool_is_a_wrong_request(bench):
    with pytest.raises(ConfigError, match="nonsense"):
        await bench.senses().look("nonsense")


class TestProviders:
    def make(self, bench, name="p", **more):
        return Provider(name=name, version="1", fidelity="own", run=bench._run, **more)

    async def test_the_first_that_is_ready_does_the_work(self, bench):
        absent = self.make(bench, "best", packages=("no_such_package",), extra="whisper")
        bench.set((absent, self.make(bench, "second"), self.make(bench, "third")))
        assert (await bench.senses().look("bench")).provider == "second"

    async def test_without_any_the_reasons_and_the_commands_are_named(self, bench, monkeypatch, tmp_path):
        monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path))
        bench.set(
            (
                self.make(bench, "a", packages=("no_such_package",), extra="whisper"),
                self.make(bench, "b", weights=("whisper-tiny-en",)),
                self.make(bench, "c", needs_gpu=True),
            )
        )
        evidence = await bench.senses().look("bench")
        assert (evidence.status, evidence.provider, evidence.fidelity) == ("unavailable", None, None)
        for part in ("pip install 'cinejudge[whisper]'", "cinejudge weights pull whisper-tiny-en", "needs a GPU"):
            assert part in evidence.reason
        assert bench.heard == [("unavailable", False)] and bench.calls == []

    async def test_what_comes_later_is_used_by_the_same_clip(self, bench, monkeypatch, tmp_path):
        monkeypatch.setenv("CINEJUDGE_CACHE_DIR", str(tmp_path))
        bench.set((self.make(bench, weights=("whisper-tiny-en",)),))
        senses = bench.senses()
        assert (await senses.look("bench")).status == "unavailable"
        monkeypatch.setattr(registry.weights, "present", lambda name: True)
        assert (await senses.look("bench")).found
