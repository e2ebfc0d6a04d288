"""Imports generated packages where nothing may be written, started or reached. Run as a script; prints JSON.

Each argument is a folder with an `api` package. The answer maps every folder to the modules that failed, with the
error's last line, and to what was attempted.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

_REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn", "os.startfile",
            "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
            "os.chown", "os.utime", "shutil.", "ctypes.", "pty.", "webbrowser.", "urllib.", "tempfile.")  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

attempts: list[str] = []
_armed: list[str] = []
"""The module that is being imported."""


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _armed:
        return
    if event == "open":
        path, mode, flags = args
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITES):
            attempts.append(f"open {path!a} for writing")
            raise PermissionError("audit: writing")
    elif event.startswith(_REFUSED):
        attempts.append(event)
        raise PermissionError(f"audit: {event}")


def _modules(folder: Path) -> list[str]:
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = list(path.relative_to(folder).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found.append(".".join(parts))
    return found


def main(folders: list[str]) -> None:
    sys.dont_write_bytecode = True
    import tenon_runtime.client
    import tenon_runtime.spec  # noqa: F401  # loaded before arming: third parties may do what generated code may not

    sys.addaudithook(_hook)
    answer: dict[str, Any] = {}
    for folder in folders:
        failures: dict[str, str] = {}
        attempts.clear()
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        for name in _modules(Path(folder)):
            _armed.append(name)
            try:
                importlib.import_module(name)
            except BaseException as error:
                failures[name] = f"{type(error).__name__}: {error}"
            finally:
                _armed.clear()
        sys.path.remove(folder)
        for name in [name for name in sys.modules if name.partition(".")[0] in ("api", "impl", "tenon_peers")]:
            del sys.modules[name]
        answer[folder] = {"failures": failures, "attempts": list(attempts)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
