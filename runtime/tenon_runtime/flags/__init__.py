"""Feature flags: OpenFeature over a definition file in flagd's format.

Format: https://flagd.dev/reference/flag-definitions/ (variants, targeting in JsonLogic, ``fractional``). A changed file
is read again within half a second; one that is broken or gone leaves the last good definitions in force.
"""

from __future__ import annotations

from pathlib import Path

from .client import FileFlags
from .provider import FileProvider

__all__ = ["FileFlags", "FileProvider", "load"]


def load(path: Path | None) -> FileFlags:
    """Flags as the file at `path` defines them. None, or no file there yet: every flag is its default."""
    return FileFlags(path)
