"""`tenon up`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path

from tenon import fresh
from tenon.cli.console import Console
from tenon.config import Config, load
from tenon.finding import Severity
from tenon.platform import Options, Platform, PlatformError, Prefixed

HELP = """\
Run the platform here: PostgreSQL and NATS from their wheels, and every service of impl/.

An edited implementation is running again within a second; an edited contract is generated first. Data stays in
.tenon/run between runs. Ctrl-C stops everything. Real engines instead of embedded ones:
  TENON_POSTGRES_URL=postgresql://… TENON_NATS_URL=nats://… tenon up
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service", nargs="*", help="only these services (default: all of impl/)")
    parser.add_argument("--fresh", action="store_true", help="begin without the data of earlier runs")
    parser.add_argument("--no-reload", action="store_true", help="do not follow edits")


def run(args: argparse.Namespace, console: Console) -> int:
    root = Path.cwd()
    config, findings = load(root)
    if findings:
        console.findings(findings)
        return 1
    if not _generate(root, config, console):
        return 1
    try:
        asyncio.run(_up(root, config, args, console))
    except PlatformError as error:
        console.error(str(error))
        return 1
    except KeyboardInterrupt:
        pass  # the way to end it: everything was stopped on the way out
    console.say("stopped; nothing is left running")
    return 0


async def _up(root: Path, config: Config, args: argparse.Namespace, console: Console) -> None:
    options = Options(
        fresh=args.fresh,
        reload=not args.no_reload,
        services=tuple(args.service),
        show=Prefixed(sys.stderr if console.json else sys.stdout),
    )
    async with Platform(root, options) as platform:
        await platform.ready()
        console.result(
            {
                "services": {
                    name: {"http": service.http_url, "grpc": service.grpc_url}
                    for name, service in platform.services.items()
                },
                "nats": platform.nats.url,
            }
        )
        for name, service in platform.services.items():
            console.say(f"{console.paint(name, 'green')}  REST and Connect {service.http_url}  gRPC {service.grpc_url}")
        console.say("ready; Ctrl-C stops everything")
        follower = asyncio.create_task(_follow_contracts(root, config, console)) if not args.no_reload else None
        try:
            await platform.wait()
        finally:
            if follower is not None:
                follower.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await follower


async def _follow_contracts(root: Path, config: Config, console: Console) -> None:
    """Generate on every edit of a contract; the platform sees the new code and restarts what it concerns."""
    from watchfiles import awatch

    async for _ in awatch(root / config.contracts, step=50, debounce=100):
        await asyncio.to_thread(_generate, root, config, console)


def _generate(root: Path, config: Config, console: Console) -> bool:
    if not (root / config.contracts).is_dir():
        return True
    done = fresh.generate(root / config.contracts, root, config)
    console.findings(done.findings)
    console.trace(done.trace)
    return all(finding.severity is Severity.WARNING for finding in done.findings)
