"""Runs the decoder in a process of its own, so that a crash, a hang or a memory bomb costs one clip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cinejudge.media.limits import FramePlan, MediaLimits
from cinejudge.schema.errors import MediaError


def run_decoder(descriptor: int, folder: Path, plan: FramePlan, limits: MediaLimits) -> dict[str, Any]:
    """Decodes the file behind ``descriptor`` into ``folder``.

    Raises:
        MediaError: the file cannot be judged.
    """
    job = {"descriptor": descriptor, "folder": str(folder), "plan": asdict(plan), "limits": asdict(limits)}
    environment = {k: os.environ[k] for k in ("PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR") if k in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    child = subprocess.Popen(  # noqa: S603 - our own module, no shell
        [sys.executable, "-P", "-m", "cinejudge.media.decode"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(descriptor,),
        env=environment,
        start_new_session=True,
    )
    assert child.stdin is not None
    try:
        child.stdin.write(json.dumps(job).encode() + b"\n")
        child.stdin.flush()
        child.wait(timeout=limits.decode_timeout_s)
    except subprocess.TimeoutExpired:
        raise MediaError(f"decoding it takes longer than {limits.decode_timeout_s:g} s") from None
    finally:
        child.kill()
        _, errors = child.communicate()
    try:
        result: dict[str, Any] = json.loads((folder / "result.json").read_bytes())
    except FileNotFoundError:
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        raise MediaError(f"the decoder died on it (exit status {child.returncode}) {last}") from None
    if "error" in result:
        raise MediaError(result["error"])
    return result
