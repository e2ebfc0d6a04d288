"""Work that was done before: texts by the digest of what they were made from.

Only text is kept, and it is judged like any other before it is written, so a cache that somebody tampered with can
do no more than a contract can.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path


class Memo:
    """A content-addressed store of texts; without a folder it remembers nothing.

    `maker` names the version of whoever makes the texts: what another version left is removed.
    """

    def __init__(self, folder: Path | None = None, maker: str = "") -> None:
        self._folder = folder / maker[:16] if folder is not None and maker else folder
        if folder is not None and self._folder is not None and not self._folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)

    def get(self, kind: str, parts: Iterable[bytes]) -> tuple[str | None, Callable[[str], None]]:
        """The text made from `parts`, or None, and how to keep it. `kind` names the maker and its version."""
        if self._folder is None:
            return None, _forget
        digest = hashlib.sha256(kind.encode())
        for part in parts:
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        name = digest.hexdigest()[:40]
        path = self._folder / name[:2] / name
        try:
            return path.read_text("utf-8"), _forget
        except (OSError, UnicodeDecodeError):
            return None, lambda text: _keep(path, text)


def _forget(text: str) -> None:
    """Keeps nothing."""


def _keep(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(name, path)
    except OSError:
        pass  # a cache that cannot be written is only slower
