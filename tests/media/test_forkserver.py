"""Decoders are forked from one warm server; each has a process of its own, and none can harm the next."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from cinejudge.media import FramePlan, MediaLimits, process
from cinejudge.schema.errors import MediaError
from tests.media.conftest import Open
from tests.media.test_process import alive, wait_for

PLAN = FramePlan(signals=False, pictures=False, sound=False)

Decode = Callable[..., None]

linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc, or the signal on the death of a parent")


@pytest.fixture(autouse=True)
def fresh_server() -> Iterator[None]:
    process.end_server()
    yield
    process.end_server()


@pytest.fixture
def decode(two_seconds: Path, footage: Open) -> Decode:
    """Decodes the clip anew, though its facts are known."""

    def decode_(limits: MediaLimits | None = None) -> None:
        clip = footage(two_seconds, PLAN, limits)
        clip._decoded()  # first, since up to Python 3.11 a cached property of one clip waits for that of another
        assert len(clip.times) == 48
        clip.close()

    return decode_


@dataclass(frozen=True)
class Seen:
    """What a decoder saw of itself."""

    pid: int
    parent: int
    session: int
    processor_s: float
    descriptors: str
    variables: str


@pytest.fixture
def seen(tmp_path: Path, sabotage) -> Callable[[], list[Seen]]:
    """Reads what all decoders of the test saw of themselves at their start."""
    note = tmp_path / "seen"
    sabotage(
        "import os, time\n"
        "spent = time.process_time()\n"
        "opened = [f for f in os.listdir('/dev/fd') if os.path.exists(f'/dev/fd/{f}')]\n"
        "me = os.getpid(), os.getppid(), os.getsid(0), spent, ','.join(sorted(opened)), ','.join(sorted(os.environ))\n"
        f"open({str(note)!r}, 'a').write(' '.join(map(str, me)) + '\\n')"
    )

    def read() -> list[Seen]:
        rows = [line.split() for line in note.read_text(encoding="utf-8").splitlines()]
        return [Seen(int(a), int(b), int(c), float(d), e, f) for a, b, c, d, e, f in rows]

    return read


def server_pid() -> int:
    assert process._server is not None
    return process._server.process.pid


def test_clips_share_a_server_but_no_process(decode: Decode, seen) -> None:
    decode()
    decode()
    first, second = seen()
    assert first.parent == second.parent == server_pid()
    assert first.pid != second.pid
    assert [first.session, second.session] == [first.pid, second.pid]
    assert os.getsid(server_pid()) == server_pid() != os.getsid(0)
    assert not alive(first.pid) and not alive(second.pid)


def test_a_decoder_starts_with_nothing_but_its_job(decode: Decode, seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(decode) for _ in range(4)]:
            future.result()
    ours = {"PYTHONPATH", *process._ONE_THREAD, "ORT_DISABLE_TELEMETRY", "OMP_WAIT_POLICY"}
    known = {*process._PASSED_ON, *ours, "LC_CTYPE"}  # the last is Python's own
    for one in seen():
        assert one.descriptors == "0,1,2,3"
        assert set(one.variables.split(",")) <= known
        assert one.processor_s < 0.2, "the limit on processor time counts from the fork"


@linux
def test_the_server_has_one_thread_when_it_forks(decode: Decode, tmp_path: Path, sabotage) -> None:
    note = tmp_path / "threads"
    sabotage("")
    count = f"open({str(note)!r}, 'a').write(f'{{len(os.listdir(\"/proc/self/task\"))}} ')"
    in_server(tmp_path, f"import os\nos.register_at_fork(before=lambda: {count})")
    decode()
    decode()
    assert note.read_text(encoding="utf-8").split() == ["1", "1"]


def in_server(tmp_path: Path, code: str) -> None:
    """Plants code that runs at the start of the server itself, where sabotage has been planted."""
    with (tmp_path / "sabotage" / "sitecustomize.py").open("a", encoding="utf-8") as file:
        file.write(f"\nif 'cinejudge.media.forkserver' in sys.orig_argv:\n    exec({code!r}, {{}})\n")


CRASH = "import os, signal; os.kill(os.getpid(), signal.SIGBUS)"
HANG = "import time; time.sleep(600)"
BUSY = "import os, time\nwhile True: os.write(1, b'\\n'); time.sleep(0.05)"


@pytest.mark.parametrize(
    ("code", "limits", "told"),
    [
        (CRASH, MediaLimits(), "crashed on it (SIGBUS)"),
        (HANG, MediaLimits(stall_timeout_s=1), "no progress"),
        (BUSY, MediaLimits(decode_timeout_s=1), "takes longer"),
        ("import os; os._exit(7)", MediaLimits(), "exit status 7"),
    ],
)
def test_a_bad_clip_is_named_and_the_next_one_works(
    code: str, limits: MediaLimits, told: str, decode: Decode, tmp_path: Path, sabotage
) -> None:
    note = tmp_path / "pid"
    planted = code.replace("\n", "\n    ")
    sabotage(
        f"import os\nif not os.path.exists({str(note)!r}):\n"
        f"    open({str(note)!r}, 'w').write(str(os.getpid()))\n    {planted}"
    )
    with pytest.raises(MediaError) as caught:
        decode(limits)
    assert told in str(caught.value)
    before = server_pid()
    assert not alive(int(note.read_text(encoding="utf-8")))
    decode()
    assert server_pid() == before


def test_a_server_killed_between_clips_is_replaced(decode: Decode) -> None:
    decode()
    before = server_pid()
    os.kill(before, signal.SIGKILL)
    decode()
    assert server_pid() != before
    wait_for(lambda: not alive(before))


@linux
@pytest.mark.parametrize("kills", [1, 2])
def test_a_clip_is_tried_once_more_when_its_server_is_killed(
    kills: int, decode: Decode, tmp_path: Path, sabotage
) -> None:
    note = tmp_path / "pids"
    note.touch()
    sabotage(
        "import ctypes, os, signal\n"
        f"with open({str(note)!r}, 'r+') as note:\n"
        "    before = note.read().split()\n"
        "    note.write(f'{os.getpid()} ')\n"
        f"if len(before) < {kills}:\n"
        "    os.kill(os.getppid(), signal.SIGKILL)\n"
        "    ctypes.PyDLL(None).sleep(600)  # with the interpreter locked: no thread of it can end it"
    )
    if kills == 1:
        decode()
    else:
        with pytest.raises(MediaError, match="the process that starts decoders ended"):
            decode()
        decode()
    pids = note.read_text(encoding="utf-8").split()
    assert len(set(pids)) == kills + 1
    wait_for(lambda: not any(alive(int(pid)) for pid in pids))


def test_a_server_that_hangs_is_killed(
    decode: Decode, tmp_path: Path, sabotage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_DEATH_S", 0.5)
    decode()
    before = server_pid()
    os.kill(before, signal.SIGSTOP)
    with pytest.raises(MediaError, match="no progress"):
        decode(MediaLimits(stall_timeout_s=1))
    decode()
    assert not alive(before)


@pytest.mark.skipif(not process._WARM, reason="a server that imports nothing starts")
def test_a_server_that_cannot_start_says_why(tmp_path: Path, decode: Decode, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "av.py").write_text("raise ImportError('libav is not for this machine')", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [str(tmp_path / "broken"), *sys.path])
        with pytest.raises(MediaError, match="libav is not for this machine"):
            decode()
    decode()


def test_no_process_for_a_clip(decode: Decode, tmp_path: Path, sabotage) -> None:
    note = tmp_path / "refused"
    sabotage("")
    in_server(
        tmp_path,
        "import os, errno\n"
        "def fork(real=os.fork):\n"
        f"    if os.path.exists({str(note)!r}):\n"
        "        raise BlockingIOError(errno.EAGAIN, 'Resource temporarily unavailable')\n"
        "    return real()\n"
        "os.fork = fork",
    )
    note.touch()
    with pytest.raises(MediaError, match="no process for it: Resource temporarily unavailable"):
        decode()
    before = server_pid()
    note.unlink()
    decode()
    assert server_pid() == before


@linux
def test_without_warm_imports_as_on_macos(decode: Decode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_WARM", False)
    decode()
    before = server_pid()
    decode()
    assert server_pid() == before
    assert "/libav" not in Path(f"/proc/{before}/maps").read_text(encoding="utf-8")


@linux
def test_thirty_clips_leak_no_descriptor(decode: Decode) -> None:
    def opened() -> list[int]:
        return [len(os.listdir(f"/proc/{pid}/fd")) for pid in ("self", server_pid())]

    decode()
    before = opened()
    for _ in range(30):
        decode()
    assert opened() == before


def test_eight_threads_at_once(decode: Decode, seen) -> None:
    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(decode) for _ in range(16)]:
            future.result()
    assert len({one.pid for one in seen()}) == 16
    assert {one.parent for one in seen()} == {server_pid()}


def test_processor_time_counts_in_full(decode: Decode, seen) -> None:
    def ended() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = ended()
    decode()
    one = process.running_processor_s()
    assert ended() == before
    decode()
    two = process.running_processor_s()
    assert one > two - one > 0.005, "the first bears the imports"
    process.end_server()
    assert ended() - before >= two
    assert process.running_processor_s() == 0


SCRIPT = """
import os, sys
from pathlib import Path
from cinejudge.media import Footage, process

def decode(name):
    footage = Footage(Path({clip!r}), cache=Path({cache!r}) / name)
    assert len(footage.times) == 48
    return process._server.process.pid

"""


def start(code: str, clip: Path, folder: Path) -> subprocess.Popen[str]:
    whole = SCRIPT.format(clip=str(clip), cache=str(folder / "cache")) + code
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    return subprocess.Popen(
        [sys.executable, "-c", whole], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_program_ends_without_a_trace(two_seconds: Path, tmp_path: Path) -> None:
    with start("print(decode('a'))", two_seconds, tmp_path) as program:
        said, errors = program.communicate(timeout=60)
    assert (program.returncode, errors) == (0, "")
    assert not alive(int(said))
    assert os.listdir(tmp_path / "cache" / "a" / "work") == []


def test_a_killed_program_leaves_no_process(two_seconds: Path, tmp_path: Path, sabotage) -> None:
    note = tmp_path / "pid"
    sabotage(f"import os, time; open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}'); time.sleep(600)")
    with start("decode('a')", two_seconds, tmp_path) as program:
        pids = wait_for(lambda: note.exists() and note.read_text(encoding="utf-8").split())
        program.kill()
    wait_for(lambda: not any(alive(int(pid)) for pid in pids))


def test_a_fork_of_the_program_has_a_server_of_its_own(two_seconds: Path, tmp_path: Path) -> None:
    code = """
before = decode('a')
pid = os.fork()
if pid == 0:
    assert decode('b') != before
    process.end_server()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
assert decode('c') == before
"""
    with start(code, two_seconds, tmp_path) as program:
        _, errors = program.communicate(timeout=60)
    assert (program.returncode, errors) == (0, "")


def test_a_fork_that_stays_keeps_no_server_alive(two_seconds: Path, tmp_path: Path) -> None:
    code = """
server = decode('a')
pid = os.fork()
if pid == 0:
    import time
    time.sleep(600)
print(server, pid, flush=True)
os.kill(os.getpid(), 9)
"""
    with start(code, two_seconds, tmp_path) as program:
        assert program.stdout is not None
        server, fork = map(int, program.stdout.readline().split())
        try:
            wait_for(lambda: not alive(server), 10)
        finally:
            os.kill(fork, signal.SIGKILL)


def test_relative_folders_follow_the_program(two_seconds: Path, tmp_path: Path) -> None:
    code = f"""
os.chdir({str(tmp_path)!r})
decode('a')
os.mkdir('below')
os.chdir('below')
footage = Footage(Path({str(two_seconds)!r}), cache=Path('here'))
assert len(footage.times) == 48
assert os.listdir('here/work')
"""
    with start(code, two_seconds, tmp_path) as program:
        _, errors = program.communicate(timeout=60)
    assert (program.returncode, errors) == (0, "")


def test_closing_at_once_waits_for_nothing(two_seconds: Path, footage: Open, sabotage) -> None:
    sabotage("import time; time.sleep(600)")
    clip = footage(two_seconds, PLAN)
    told: list[MediaError] = []

    def try_it() -> None:
        try:
            _ = clip.clip
        except MediaError as error:
            told.append(error)

    thread = threading.Thread(target=try_it)
    thread.start()
    wait_for(lambda: process._server is not None)
    begun = time.monotonic()
    clip.close()
    thread.join()
    assert time.monotonic() - begun < 8
    assert told
