"""The fork server: imports once what a decoder needs and forks one for each clip.

:mod:`cinejudge.media.process` starts it and is its only client.

stdin is its control socket. Each byte on it brings four descriptors: the video, the log, the decoder's stdin and stdout
in one socket, and its lifeline. When the parent shuts its side of the lifeline down, the decoder is killed; when the
decoder has ended, the server writes on the lifeline how: exit status (negative for a signal) and all processor time
that it and its decoders have taken so far. When the control socket ends, so do the server and all decoders.

The server opens no file and reads none: it only passes descriptors on, so it holds nothing of one clip that another
could come by. It has one thread, so that forking is safe.
"""

from __future__ import annotations

import ctypes
import os
import resource
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import NoReturn

from cinejudge.media.process import VIDEO

_PR_SET_PDEATHSIG = 1


class _Server:
    def __init__(self, warm: bool) -> None:
        self._warm = warm
        self._control = socket.socket(fileno=0)
        self._bell, self._ringer = socket.socketpair()
        self._running: dict[int, int] = {}
        """Process ids of decoders by lifeline."""
        self._selector = selectors.DefaultSelector()
        for end in (self._control, self._bell):
            end.setblocking(False)
            self._selector.register(end, selectors.EVENT_READ)
        self._ringer.setblocking(False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until the parent is gone."""
        while True:
            ready = {key.fd for key, _ in self._selector.select()}
            # New ones come last: their lifeline may get the number of one that has just been closed.
            for lifeline in ready & self._running.keys():
                self._selector.unregister(lifeline)
                os.kill(self._running[lifeline], signal.SIGKILL)
            if self._bell.fileno() in ready:
                self._bell.recv(1 << 12)
                self._bury()
            if self._control.fileno() in ready and not self._admit():
                return

    def end(self) -> None:
        """Kills what runs and waits for it."""
        for pid in self._running.values():
            os.kill(pid, signal.SIGKILL)
        for pid in self._running.values():
            os.waitpid(pid, 0)

    def _admit(self) -> bool:
        """Starts one decoder; False when there is nobody to start it for."""
        asked, descriptors, _, _ = socket.recv_fds(self._control, 1, 4)
        if not asked:
            return False
        video, log, talk, lifeline = descriptors
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # too many processes, no memory: one clip's trouble
            os.write(log, f"no process for it: {error.strerror}\n".encode())
            self._tell(lifeline, 1)
            for descriptor in descriptors:
                os.close(descriptor)
            return True
        if pid == 0:
            self._let_go(lifeline)
            _decode(video, log, talk, server, self._warm)
        for descriptor in (video, log, talk):
            os.close(descriptor)
        self._running[lifeline] = pid
        self._selector.register(lifeline, selectors.EVENT_READ)
        return True

    def _bury(self) -> None:
        """Tells of each decoder that has ended."""
        for lifeline, pid in list(self._running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            self._tell(lifeline, os.waitstatus_to_exitcode(status))
            with suppress(KeyError):  # killed
                self._selector.unregister(lifeline)
            os.close(lifeline)
            del self._running[lifeline]

    def _tell(self, lifeline: int, status: int) -> None:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        seconds = sum(u.ru_utime + u.ru_stime for u in used)
        with suppress(BrokenPipeError):  # nobody waits for it
            os.write(lifeline, b"%d %.6f" % (status, seconds))

    def _let_go(self, lifeline: int) -> None:
        """In a decoder: closes what is the server's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for end in (self._control, self._bell, self._ringer):
            end.close()
        for descriptor in (lifeline, *self._running):
            os.close(descriptor)


def _decode(video: int, log: int, talk: int, server: int, warm: bool) -> NoReturn:
    os.setsid()
    for place, descriptor in enumerate((talk, talk, log, video)):
        os.dup2(descriptor, place)
    for descriptor in {video, log, talk} - {VIDEO}:
        os.close(descriptor)
    if sys.platform == "linux":  # elsewhere a decoder outlives a killed server until its parent closes its stdin
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:
            os._exit(1)
    if not warm:
        os.set_inheritable(VIDEO, True)
        os.execv(sys.executable, [sys.executable, "-P", "-m", "cinejudge.media.decode"])  # noqa: S606 - our own module
    from cinejudge.media import decode

    decode.main()
    os._exit(0)


def main() -> None:
    """Serves the parent; see the module."""
    warm = sys.argv[1:] == ["warm"]
    if warm:
        from cinejudge.media import decode as decode
    os.dup2(1, 2)  # until here an error is told in the log of the clip that the server was started for
    server = _Server(warm)
    server.serve()
    server.end()
    os._exit(0)  # nothing of it is worth an orderly end


if __name__ == "__main__":
    main()
