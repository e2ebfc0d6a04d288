"""What a person or a machine reads: colour only on a terminal, one JSON object when asked for it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tenon.finding import Finding, Severity

_COLORS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "dim": "2", "bold": "1"}
_NAMES = {Severity.ERROR: "error", Severity.UNSUPPORTED: "unsupported", Severity.WARNING: "warning"}
_HUES = {Severity.ERROR: "red", Severity.UNSUPPORTED: "yellow", Severity.WARNING: "yellow"}


class Console:
    """Prints results to stdout, progress and complaints to stderr."""

    def __init__(self, *, json: bool = False, color: bool | None = None, debug: bool = False) -> None:
        self.json = json
        self._debug = debug
        self._live = sys.stderr.isatty() and not json
        wanted = color if color is not None else not os.environ.get("NO_COLOR")
        self._color = wanted and sys.stdout.isatty()
        self._color_error = wanted and sys.stderr.isatty()

    def paint(self, text: str, hue: str, *, error: bool = False) -> str:
        on = self._color_error if error else self._color
        return f"\x1b[{_COLORS[hue]}m{text}\x1b[0m" if on else text

    def say(self, text: str = "") -> None:
        """A line for a person; nothing when JSON is wanted."""
        if not self.json:
            print(text, flush=True)

    def error(self, text: str) -> None:
        print(self.paint("tenon: ", "red", error=True) + text, file=sys.stderr, flush=True)

    def trace(self, text: str) -> None:
        """A traceback, for who asked for it."""
        if self._debug and text:
            print(text.rstrip(), file=sys.stderr, flush=True)

    def result(self, value: dict[str, Any]) -> None:
        """The one object a machine reads."""
        if self.json:
            print(json.dumps(value, indent=2, ensure_ascii=True), flush=True)

    @contextmanager
    def progress(self, text: str) -> Iterator[None]:
        """Says what is going on while it takes long, on a terminal; leaves no trace."""
        if self._live:
            print(self.paint(f"{text} …", "dim", error=True), end="\r", file=sys.stderr, flush=True)
        started = time.monotonic()
        try:
            yield
        finally:
            if self._live:
                print("\x1b[2K", end="\r", file=sys.stderr, flush=True)
                if (took := time.monotonic() - started) > 2:
                    print(self.paint(f"{text}: {took:.1f} s", "dim", error=True), file=sys.stderr, flush=True)

    def findings(self, findings: Iterable[Finding]) -> None:
        """Every finding on three lines: where and what, the other place, what to do."""
        if self.json:
            return
        for finding in findings:
            head = self.paint(_NAMES[finding.severity], _HUES[finding.severity], error=True)
            place = self.paint(printable(str(finding.at)), "bold", error=True)
            print(f"{place}: {head}: {printable(finding.message)} [{finding.rule}]", file=sys.stderr)
            if finding.also is not None:
                print(f"    also: {printable(str(finding.also))}", file=sys.stderr)
            print(f"    {self.paint('remedy:', 'blue', error=True)} {printable(finding.remedy)}", file=sys.stderr)
        sys.stderr.flush()


def printable(text: str) -> str:
    """`text` without control characters: a contract's names must not steer the terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
