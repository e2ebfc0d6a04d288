"""Everything that runs: engines first, services on them, both kept alive."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tenon_runtime import engines, tasks
from tenon_runtime.engines import Broker, Databases, EngineError, Nats, Postgres

from .ports import Ports
from .service import Service, Show
from .watch import changes, concerned, syntax_error

_JWKS = "/.well-known/jwks.json"
_OURS = ("TENON_POSTGRES_URL", "TENON_NATS_URL", "TENON_DEBUG")


class PlatformError(RuntimeError):
    """The platform cannot run; the text says why and what to do."""


def _only(errors: ExceptionGroup[Exception], expected: type[Exception]) -> Exception:
    """What to raise instead of `errors`: a PlatformError if one of them is `expected`. (An ``except*`` would wrap it in
    a group again on some versions of Python 3.11.)"""
    found = errors.subgroup(expected)
    return errors if found is None else PlatformError(str(found.exceptions[0]))


def _silent(name: str, line: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run it."""

    fresh: bool = False
    """Begin without the data of earlier runs."""
    reload: bool = False
    """Restart the services that an edited file concerns."""
    services: tuple[str, ...] = ()
    """Only these; empty: every one in impl/."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """For every service, over what the platform sets."""
    postgres_url: str | None = None
    """A real PostgreSQL; None: TENON_POSTGRES_URL, or an embedded one."""
    nats_url: str | None = None
    """A real NATS; None: TENON_NATS_URL, or an embedded one."""
    run_dir: Path | None = None
    """Where data, ports and logs go; None: ``.tenon/run``."""
    show: Show = _silent
    """Gets every line of the services, and what the platform has to say itself (as ``platform``)."""


class Platform:
    """Runs while it is entered."""

    def __init__(self, root: Path, options: Options | None = None) -> None:
        self._root = root.resolve()
        self._options = options or Options()
        self._stack = AsyncExitStack()
        self._watcher: asyncio.Task[None] | None = None
        self.run_dir = self._options.run_dir or self._root / ".tenon" / "run"
        """Where data, ports and logs are."""
        self.services: dict[str, Service] = {}
        """By name, once entered."""
        self.postgres: Databases
        self.nats: Broker

    async def __aenter__(self) -> Self:
        """Start everything; does not wait until the services are ready.

        :raises PlatformError: there is nothing to run, or an engine cannot be had.
        """
        names = self._names()
        if self._options.fresh:
            shutil.rmtree(self.run_dir, ignore_errors=True)
        self.run_dir.mkdir(parents=True, exist_ok=True)
        try:
            await self._start(names)
        except EngineError as error:
            await self._stack.aclose()
            raise PlatformError(str(error)) from error
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def ready(self, patience: float = 60.0) -> None:
        """Wait until every service answers /readyz with 200.

        :raises PlatformError: one does not; the text has its last lines.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for service in self.services.values():
                    group.create_task(service.ready(patience))
        except ExceptionGroup as errors:
            raise _only(errors, TimeoutError) from None

    async def wait(self) -> None:
        """Run until cancelled, or told to end by SIGTERM or SIGHUP."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGHUP)
        for number in numbers:
            loop.add_signal_handler(number, ended.set)
        try:
            await ended.wait()
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    def _names(self) -> list[str]:
        found = sorted(path.parent.name for path in self._root.glob("impl/*/__main__.py"))
        unknown = set(self._options.services) - set(found)
        if unknown:
            raise PlatformError(f"there is no impl/{min(unknown)}; there are: {', '.join(found) or 'none'}")
        if not found:
            raise PlatformError("there is no service in impl/: `tenon generate` writes the first files of one")
        return [name for name in found if not self._options.services or name in self._options.services]

    async def _start(self, names: list[str]) -> None:
        postgres_url = self._options.postgres_url or os.environ.get("TENON_POSTGRES_URL")
        nats_url = self._options.nats_url or os.environ.get("TENON_NATS_URL")
        self.postgres = engines.postgres(postgres_url, self.run_dir / "postgres")
        self.nats = engines.nats(nats_url, self.run_dir / "nats")
        try:
            async with asyncio.TaskGroup() as group:
                for engine in (self.postgres, self.nats):
                    group.create_task(self._enter(engine))
        except ExceptionGroup as errors:
            raise _only(errors, EngineError) from None
        ports = Ports(self.run_dir / "ports.json")
        self._stack.callback(ports.close)
        taken = {name: (ports.take(f"{name}/http"), ports.take(f"{name}/grpc")) for name in names}
        jwks = self._jwks({name: http for name, (http, _) in taken.items()})
        databases = dict(zip(names, await asyncio.gather(*map(self.postgres.url, names)), strict=True))
        for name in names:
            http_port, grpc_port = taken[name]
            self.services[name] = Service(
                name,
                root=self._root,
                environment=self._environment(name, databases[name], http_port, grpc_port, jwks),
                http_port=http_port,
                grpc_port=grpc_port,
                warm=self._options.reload,
                show=self._options.show,
            )
        self._stack.push_async_callback(self._stop_services)
        await asyncio.gather(*(service.start() for service in self.services.values()))
        if self._options.reload:
            self._background(self._follow_edits())

    async def _enter(self, engine: Databases | Broker) -> None:
        await self._stack.enter_async_context(engine)
        if isinstance(engine, Postgres | Nats):
            self._background(self._keep(engine))

    async def _keep(self, engine: Postgres | Nats) -> None:
        """An engine that dies is started again on its data, where it was."""
        name = type(engine).__name__
        while True:
            status = await engine.wait()
            self._options.show("platform", f"{name} ended with status {status}; it starts again")
            await engine.stop()
            try:
                await engine.__aenter__()
            except EngineError as error:
                self._options.show("platform", str(error))
                return

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        self._stack.push_async_callback(tasks.end, asyncio.create_task(work))

    async def _stop_services(self) -> None:
        await asyncio.gather(*(service.stop() for service in self.services.values()))

    def _environment(
        self, name: str, database: str, http_port: int, grpc_port: int, jwks: str | None
    ) -> dict[str, str]:
        path = os.pathsep.join(
            [str(self._root / "generated" / "python"), str(self._root), os.environ.get("PYTHONPATH", "")]
        )
        environment = {name: value for name, value in os.environ.items() if name not in _OURS}
        environment |= {
            "PYTHONPATH": path.rstrip(os.pathsep),
            "PYTHONUNBUFFERED": "1",
            "TENON_HTTP_PORT": str(http_port),
            "TENON_GRPC_PORT": str(grpc_port),
            "TENON_PORTS_FILE": str(self.run_dir / f"{name}.ports.json"),
            "TENON_DATABASE_URL": database,
            "TENON_NATS_URL": self.nats.url,
        }
        environment.setdefault("TENON_LOG_FORMAT", "text")
        if jwks:
            environment.setdefault("TENON_JWKS", jwks)
        if (flags := self._root / "flags.json").is_file():
            environment.setdefault("TENON_FLAGS", str(flags))
        if self._options.reload:
            environment.setdefault("TENON_DRAIN_SECONDS", "1")
        return {**environment, **self._options.environment}

    def _jwks(self, http_ports: Mapping[str, int]) -> str | None:
        """The key set of this platform: of the domain whose contract has the standard path (RFC 8414's usual place)."""
        for name, port in http_ports.items():
            for contract in sorted((self._root / "contracts" / name).rglob("*.openapi.*")):
                if _JWKS in contract.read_text("utf-8", "replace"):
                    return f"http://127.0.0.1:{port}{_JWKS}"
        return None

    async def _follow_edits(self) -> None:
        names = list(self.services)
        async for changed in changes(self._root):
            concerns = concerned(self._root, names, changed)
            if not concerns:
                continue
            if broken := syntax_error(changed):
                self._options.show("platform", f"not restarted: {broken}")
                continue
            await asyncio.gather(*(self._reload(name, changed) for name in sorted(concerns)))

    async def _reload(self, name: str, changed: set[Path]) -> None:
        service = self.services[name]
        began = asyncio.get_running_loop().time()
        if any("tenon_runtime" in path.parts for path in changed):
            await service.cool()
        await service.restart()
        try:
            await service.ready(20)
        except TimeoutError as error:
            self._options.show("platform", str(error))
            return
        took = asyncio.get_running_loop().time() - began
        self._options.show("platform", f"{name} has your edit, ready after {took:.2f} s")
