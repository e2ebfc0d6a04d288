"""`tenon demo`."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenon.cli.console import Console
from tenon.platform import Options, Platform, PlatformError

HELP = """\
Run the platform once through its real story and stop it: contract-tests/scenario/story.py, over real HTTP, gRPC
and JetStream. Prints what happened, step by step, with timings. Exit 1 when a step fails.
"""

STORY = Path("contract-tests", "scenario", "story.py")


class Report:
    """What the story says while it runs."""

    def __init__(self, console: Console) -> None:
        self.steps: list[dict[str, Any]] = []
        self._console = console
        self._started = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """One step: its title, how long it took, and what it gives takes details, a line each."""
        console, began = self._console, time.monotonic()
        entry: dict[str, Any] = {"title": title, "ok": False, "notes": []}
        self.steps.append(entry)
        console.say(f"{console.paint(f'{len(self.steps):>2}', 'blue')}  {title}")

        def say(detail: str) -> None:
            entry["notes"].append(detail)
            console.say(f"    {console.paint(detail, 'dim')}")

        try:
            yield say
        except BaseException:
            console.say(f"    {console.paint('FAILED', 'red')}  {_milliseconds(began)}")
            raise
        entry["ok"] = True
        entry["milliseconds"] = round((time.monotonic() - began) * 1000, 1)
        console.say(f"    {console.paint('done', 'green')}  {_milliseconds(began)}")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logs", action="store_true", help="also show what the services log")
    parser.add_argument("--keep", action="store_true", help="keep data and logs in .tenon/demo")


def run(args: argparse.Namespace, console: Console) -> int:
    root = Path.cwd()
    if not (root / STORY).is_file():
        console.error(f"there is no story to tell: {STORY}")
        console.error("remedy: write `async def run(platform, report)` there, or use `tenon up`")
        return 2
    began = time.monotonic()
    report = Report(console)
    try:
        asyncio.run(_tell(root, args, console, report))
    except PlatformError as error:
        console.error(str(error))
        return 1
    except AssertionError as error:
        console.error(f"the story went wrong: {error}")
        console.result({"ok": False, "steps": report.steps})
        return 1
    console.say(f"{console.paint('the story holds', 'green')}: {len(report.steps)} steps, "
                f"{time.monotonic() - began:.1f} s; everything is stopped")  # fmt: skip
    console.result({"ok": True, "steps": report.steps, "seconds": round(time.monotonic() - began, 2)})
    return 0


async def _tell(root: Path, args: argparse.Namespace, console: Console, report: Report) -> None:
    story = _load(root)
    environment: dict[str, str] = getattr(story, "ENVIRONMENT", {})
    lines: list[str] = []

    def show(name: str, line: str) -> None:
        lines.append(f"{name} | {line}")
        if args.logs:
            console.say(f"      {console.paint(f'{name} | {line}', 'dim')}")

    with tempfile.TemporaryDirectory(prefix="tenon-demo-") as scratch:
        # A run of its own: `tenon up` may be running beside it, and its data must stay.
        run_dir = root / ".tenon" / "demo" if args.keep else Path(scratch)
        platform = Platform(root, Options(fresh=True, environment=environment, show=show, run_dir=run_dir))
        try:
            with report.step("Start PostgreSQL, NATS and every service") as say:
                await platform.__aenter__()
                await platform.ready()
                for name, service in platform.services.items():
                    say(f"{name}: REST {service.http_url}, gRPC {service.grpc_url}")
            await story.run(platform, report)
        except BaseException:
            for line in lines[-20:]:
                print(line, file=sys.stderr)
            raise
        finally:
            await platform.__aexit__(None, None, None)


def _load(root: Path) -> Any:
    """The story's module; it may import generated code and its neighbours."""
    sys.path[:0] = [str(root), str(root / "generated" / "python"), str((root / STORY).parent)]
    os.environ.setdefault("PACT_DO_NOT_TRACK", "true")
    spec = importlib.util.spec_from_file_location("story", root / STORY)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _milliseconds(began: float) -> str:
    return f"{(time.monotonic() - began) * 1000:.0f} ms"
