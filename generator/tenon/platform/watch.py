"""Which services a changed file concerns."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

import tenon_runtime

RUNTIME = Path(tenon_runtime.__file__).parent
_WATCHED = {".py", ".sql", ".json", ".toml"}


def concerned(root: Path, services: Sequence[str], changed: Iterable[Path]) -> set[str]:
    """The services that have to start anew. An edit of what all share concerns all."""
    found: set[str] = set()
    for path in changed:
        found |= _of(root, services, path)
    return found


def _of(root: Path, services: Sequence[str], path: Path) -> set[str]:
    if path.suffix not in _WATCHED or "__pycache__" in path.parts:
        return set()
    if path.is_relative_to(RUNTIME):
        return set(services)
    parts = path.relative_to(root).parts if path.is_relative_to(root) else ()
    if parts[:1] == ("impl",):
        if len(parts) == 2:
            return set(services)
        return {parts[1]} & set(services) if "tests" not in parts[2:] else set()
    if parts[:3] == ("generated", "python", "api"):
        domain = next((part for part in parts[3:-1] if not part.startswith("_")), None)
        if domain is None:
            return set(services)
        return {service for service in services if service == domain or _mentions(root, service, domain)}
    return set()


def _mentions(root: Path, service: str, domain: str) -> bool:
    """Whether the service, or the code generated for it, imports the API of `domain`."""
    imported = re.compile(rf"\bapi\.(_pb\.)?{re.escape(domain)}\b")
    folders = (root / "impl" / service, root / "generated" / "python" / "api" / service)
    return any(
        imported.search(file.read_text("utf-8", "replace")) for folder in folders for file in folder.rglob("*.py")
    )


def syntax_error(changed: Iterable[Path]) -> str | None:
    """The first file that is no Python, as ``file:line: message``: with it nobody should be restarted."""
    for path in sorted(changed):
        if path.suffix == ".py" and path.exists():
            try:
                compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as error:
                line = getattr(error, "lineno", None) or 1
                return f"{path}:{line}: {getattr(error, 'msg', error)}"
    return None


async def changes(root: Path) -> AsyncIterator[set[Path]]:
    """Sets of files that changed together, until cancelled."""
    from watchfiles import awatch

    folders = [folder for folder in (root / "impl", root / "generated", RUNTIME) if folder.is_dir()]
    # The runtime is watched where somebody works on it; an installed one does not change.
    folders = [folder for folder in folders if "site-packages" not in folder.parts]
    async for batch in awatch(*folders, debounce=100, step=20, recursive=True):
        yield {Path(path) for _, path in batch}
