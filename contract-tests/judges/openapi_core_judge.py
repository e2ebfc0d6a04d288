"""Runs in `.tenon/judges`: what openapi-core says of recorded exchanges. Imports nothing of ours.

Usage: python openapi_core_judge.py CONTRACT < exchanges, one JSON object a line; verdicts come out the same way.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from openapi_core import Config, OpenAPI  # type: ignore[import-not-found,unused-ignore]
from openapi_core.testing import MockRequest, MockResponse  # type: ignore[import-not-found,unused-ignore]


def main() -> int:
    """Exit code 0: every exchange has a verdict."""
    # It reads application/json by itself; RFC 9457's type has to be named.
    config = Config(extra_media_type_deserializers={"application/problem+json": json.loads})
    contract = OpenAPI.from_file_path(sys.argv[1], config)
    for line in sys.stdin:
        exchange = json.loads(line)
        request, answer = _request(exchange), _answer(exchange)
        verdict = {
            "request": _complaints(contract.iter_request_errors(request)),
            "answer": _complaints(contract.iter_response_errors(request, answer)),
        }
        print(json.dumps(verdict), flush=True)
    return 0


def _request(exchange: dict[str, Any]) -> Any:
    return MockRequest(
        "http://localhost",
        exchange["method"].lower(),
        exchange["path"],
        args=dict(exchange["query"]),
        headers=exchange["headers"],
        data=exchange["body"].encode() if exchange["body"] else None,
        content_type=exchange["headers"].get("content-type", ""),
    )


def _answer(exchange: dict[str, Any]) -> Any:
    return MockResponse(
        exchange["answer"].encode(),
        status_code=exchange["status"],
        headers=exchange["answer_headers"],
        content_type=exchange["answer_headers"].get("content-type", "").partition(";")[0],
    )


def _complaints(errors: Any) -> list[str]:
    """Every complaint with its causes, innermost last."""
    found = []
    for error in errors:
        words: list[str] = []
        cause: BaseException | None = error
        while cause is not None:
            words.append(f"{type(cause).__name__}: {cause}")
            words += [each.message for each in getattr(cause, "schema_errors", ())]
            cause = cause.__cause__
        found.append(" | ".join(words))
    return found


if __name__ == "__main__":
    sys.exit(main())
