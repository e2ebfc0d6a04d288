"""An ASGI application for the REST operations of an API."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from protobuf import Registry

from tenon_runtime import errors
from tenon_runtime.call.operation import Call
from tenon_runtime.call.table import Table
from tenon_runtime.context import Context
from tenon_runtime.errors import Violation
from tenon_runtime.host.asgi import Receive, Scope, Send, headers_of, respond
from tenon_runtime.host.rest.document import Document
from tenon_runtime.host.rest.operation import RestAnswer, RestRequest, compile_operation
from tenon_runtime.host.rest.routes import Routes
from tenon_runtime.host.rest.schema import Schemas
from tenon_runtime.host.rest.variants import Variant, Variants, pick, variants
from tenon_runtime.observe.log import Log
from tenon_runtime.observe.metrics import Metrics
from tenon_runtime.spec import Api

PROBLEM = "application/problem+json"


class _Gone(errors.Cancelled):
    """Nobody listens to the answer."""


class RestHost:
    """Routes a request, runs the chain of its operation, and answers in every case."""

    def __init__(
        self, api: Api, table: Table, metrics: Metrics, *, registry: Registry, response_check: str, body_limit: int
    ) -> None:
        """`response_check` is ``count``, ``raise`` or ``off``; `body_limit` is in bytes.

        Raises ValueError when the document and the operations do not fit.
        """
        self._table = table
        self._routes: Routes[Variants] = Routes()
        if api.rest is None:
            return
        document = Document(api.rest.document)
        schemas = Schemas(document)
        shared: dict[tuple[str, str], list[Variant]] = {}
        for operation in api.rest.operations:
            entry = table.operations[operation.id] if operation.rpc is None else table.rpcs[operation.rpc]
            try:
                face = compile_operation(
                    operation,
                    entry.info,
                    document=document,
                    schemas=schemas,
                    registry=registry,
                    check_responses=response_check != "off",
                    violated=partial(_violated, entry.info.name, metrics, response_check == "raise"),
                    body_limit=body_limit,
                )
            except (KeyError, ValueError) as error:
                raise ValueError(f"{operation.method} {operation.path}: {error}") from error
            route = shared.setdefault((operation.method, operation.path), [])
            route.append(Variant(operation.constants, entry, table.face(entry, face)))
        for (method, path), found in shared.items():
            try:
                self._routes.add(method, path, variants(found))
            except ValueError as error:
                raise ValueError(f"{method} {path}: {error}") from error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        method = scope["method"]
        found = self._routes.find(method, path)
        if isinstance(found, frozenset) and method == "HEAD" and "GET" in found:
            found = self._routes.find("GET", path)
        if isinstance(found, frozenset):
            await self._refuse(method, found, headers, send)
            return
        candidates, values = found
        query = scope["query_string"].decode("latin-1")
        variant = pick(candidates, query, headers)
        ctx = self._table.context(variant.entry.info, "rest", headers, None)
        try:
            answer = await _run(variant.call, ctx, values, query, headers, receive)
        except _Gone:
            return
        except errors.Error as error:
            await _problem(send, error, ctx.request_id, ctx.response_headers)
            return
        raw = _raw({"x-request-id": ctx.request_id, **ctx.response_headers})
        await respond(send, answer.status, answer.body, answer.media_type, raw)

    async def _refuse(self, method: str, allowed: frozenset[str], headers: Mapping[str, str], send: Send) -> None:
        if not allowed:
            error: errors.Error = errors.NotFound("there is nothing at this path")
        else:
            every = allowed | ({"HEAD", "OPTIONS"} if "GET" in allowed else {"OPTIONS"})
            allow = {"allow": ", ".join(sorted(every))}
            if method == "OPTIONS":
                await respond(send, 204, b"", "", _raw(allow))
                return
            error = errors.MethodNotAllowed(f"{method} is not for this path", headers=allow)
        await _problem(send, error, headers.get("x-request-id", ""), {})


async def _run(
    call: Call, ctx: Context[Any], path: Mapping[str, str], query: str, headers: Mapping[str, str], receive: Receive
) -> RestAnswer:
    """The chain, ended when its time is over (`errors.DeadlineExceeded`) or its caller is gone (`_Gone`)."""
    loop = asyncio.get_running_loop()
    gone = False
    watcher: asyncio.Task[None] | None = None
    start: asyncio.Handle | None = None
    scope = asyncio.timeout(ctx.remaining())

    async def watch() -> None:
        nonlocal gone
        while (await receive())["type"] != "http.disconnect":
            pass
        if not scope.expired():
            gone = True
            scope.reschedule(loop.time())

    def begin() -> None:
        nonlocal watcher
        watcher = loop.create_task(watch())

    def body_read() -> None:
        # A handler that never waits ends before this runs, and pays for no task.
        nonlocal start
        start = loop.call_soon(begin)

    request = RestRequest(path, query, headers, receive, body_read)
    try:
        async with scope:
            answer: RestAnswer = await call(request, ctx)
            return answer
    except TimeoutError:
        raise (_Gone() if gone else errors.DeadlineExceeded()) from None
    finally:
        if start is not None:
            start.cancel()
        if watcher is not None:
            watcher.cancel()


async def _problem(send: Send, error: errors.Error, request_id: str, headers: Mapping[str, str]) -> None:
    raw = {**headers, **error.headers}
    if request_id:
        raw["x-request-id"] = request_id
    if error.retry_after is not None:
        raw["retry-after"] = f"{error.retry_after:.0f}"
    body = msgspec.json.encode(error.problem(f"urn:tenon:request:{request_id}" if request_id else ""))
    await respond(send, error.wire.http, body, PROBLEM, _raw(raw))


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]


def _violated(operation: str, metrics: Metrics, fatal: bool, faults: list[Violation]) -> None:
    metrics.response_violations.labels(operation).inc()
    said = [f"{fault.pointer or '/'}: {fault.rule}: {fault.detail}" for fault in faults]
    Log().error("the answer breaks the contract", operation=operation, errors=said)
    if fatal:
        raise errors.Internal("the answer breaks the contract: " + "; ".join(said), violations=faults)
