"""Serves until interrupted: ``python -m tests.servers --port 8000 [--behaviour careful]``."""

from __future__ import annotations

import argparse
import time

from tests.servers import ModelServer, careful, obedient


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--behaviour", choices=("careful", "obedient"), default="careful")
    parser.add_argument("--looks", type=int, default=1, help="tool calls before each answer (careful)")
    chosen = parser.parse_args()
    behaviour = obedient() if chosen.behaviour == "obedient" else careful(looks=chosen.looks)
    with ModelServer(behaviour, port=chosen.port) as server:
        print(f"serving: --model openai/test --base-url {server.url}  or  --model google/test --base-url {server.url}")
        try:
            while True:
                time.sleep(1)
        except KeyboardInterrupt:
            print(
                f"{server.calls} calls, {server.prompt_tokens} prompt tokens ({server.cached_tokens} cached), "
                f"{server.completion_tokens} completion tokens"
            )


if __name__ == "__main__":
    main()
