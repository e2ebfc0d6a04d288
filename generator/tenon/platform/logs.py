"""What the services write, line by line, with their names in front."""

from __future__ import annotations

from typing import TextIO

_HUES = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)


class Prefixed:
    """Writes lines to a stream, each with its writer's name in front, in a colour of its own on a terminal."""

    def __init__(self, stream: TextIO, color: bool | None = None) -> None:
        """:param color: None: on a terminal."""
        self._stream = stream
        self._color = stream.isatty() if color is None else color
        self._hues: dict[str, int] = {}
        self._width = len("platform")

    def __call__(self, name: str, line: str) -> None:
        self._width = max(self._width, len(name))
        prefix = f"{name:<{self._width}} |"
        if self._color:
            hue = self._hues.setdefault(name, _HUES[len(self._hues) % len(_HUES)])
            prefix = f"\x1b[{hue}m{prefix}\x1b[0m"
        print(f"{prefix} {line}", file=self._stream, flush=True)
