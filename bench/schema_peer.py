"""Runs in the environment of the peers: `schema_peer.py jsonsubschema|jsoncompat`.

A pair a line comes in, an answer a line goes out. An answer is `[contained or null, error or null, CPU seconds]`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any


def peer(name: str) -> Callable[[Any, Any], bool]:
    """The peer's question: is all that is valid under the first schema valid under the second."""
    if name == "jsonsubschema":
        from jsonsubschema import isSubschema  # type: ignore[import-not-found]

        return lambda left, right: bool(isSubschema(left, right))
    import jsoncompat  # type: ignore[import-not-found]

    # A reader with the new schema takes all that was valid under the old one.
    return lambda left, right: bool(jsoncompat.check_compat(json.dumps(left), json.dumps(right), "deserializer"))


def main() -> None:
    """Answer until the input ends."""
    ask = peer(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        left, right = json.loads(line)
        answer: bool | None = None
        error: str | None = None
        start = time.process_time()
        try:
            answer = ask(left, right)
        except BaseException as problem:
            error = f"{type(problem).__name__}: {problem}"[:200]
        print(json.dumps([answer, error, time.process_time() - start]), flush=True)


if __name__ == "__main__":
    main()
