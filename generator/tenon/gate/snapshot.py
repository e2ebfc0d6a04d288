"""One side of a comparison: the files of a folder, of one contract, or of a git revision, all as they were written.

A revision is unpacked once into a folder named by its tree's hash, so that every reader sees plain files and the
second run unpacks nothing.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from tenon.config import Config
from tenon.config import load as load_config

SUFFIXES = (".proto", ".yaml", ".yml", ".json", ".sql", ".py", ".toml", ".rs")
_MAX_BYTES = 32 * 1024 * 1024
_SKIPPED = frozenset({"node_modules", "target", "__pycache__", "generated"})


class BadBaseline(Exception):
    """What was to be compared does not exist or cannot be read; the message says which and what to do."""


@dataclass(frozen=True)
class Snapshot:
    """The files of one side."""

    name: str
    """As reports call it: ``v1.2.0``, ``old.yaml``, ``working tree``."""
    root: Path
    only: str | None = None
    """The one contract compared, where a single file was named; the others beside it are there for its references."""

    @cached_property
    def config(self) -> Config:
        return load_config(self.root)[0]

    @cached_property
    def contracts(self) -> Path:
        """The contracts folder: that of the repository, else the whole root."""
        folder = self.root / self.config.contracts
        return folder if self.only is None and folder.is_dir() else self.root

    @cached_property
    def files(self) -> dict[str, Path]:
        """Regular files that stand inside, by path relative to `root`. Links that lead out are not followed."""
        real = os.path.realpath(self.root)
        found = {}
        for path in _walk(self.root):
            if _is_inside(path, real):
                found[path.relative_to(self.root).as_posix()] = path
        return dict(sorted(found.items()))

    def path(self, name: str) -> Path | None:
        """The file of this path relative to `root`, if it is one of the side's. Nothing is listed for a single file."""
        if self.only is None:
            return self.files.get(name)
        path = self.root / name
        return path if _is_inside(path, os.path.realpath(self.root)) else None

    def contract_files(self, *suffixes: str) -> dict[str, Path]:
        """The contracts with these suffixes that are compared."""
        if self.only is not None:
            return {self.only: self.root / self.only} if self.only.endswith(suffixes) else {}
        prefix = self.contracts.relative_to(self.root).as_posix()
        prefix = "" if prefix == "." else prefix + "/"
        return {name: path for name, path in self.files.items() if name.startswith(prefix) and name.endswith(suffixes)}


def of_path(path: Path, name: str | None = None) -> Snapshot:
    """A folder, or one contract file. Raises `BadBaseline`."""
    if path.is_file():
        return Snapshot(name or str(path), path.resolve().parent, path.name)
    if path.is_dir():
        return Snapshot(name or str(path), path.resolve())
    raise BadBaseline(f"there is no file or folder {path}")


def of_revision(repository: Path, revision: str, cache: Path) -> Snapshot:
    """What a git revision held, unpacked below `cache`. Raises `BadBaseline`."""
    if revision.startswith("-"):
        raise BadBaseline(f"{revision} is no revision")
    tree = _git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{tree}}")
    if tree is None:
        raise BadBaseline(
            f"{revision} is neither a path nor a revision of this repository (in CI: fetch tags and history)"
        )
    digest = tree.decode().strip()
    folder = cache / digest
    if not folder.is_dir():
        inner = (_git(repository, "rev-parse", "--show-prefix") or b"").decode().strip()
        packed = _git(repository, "archive", "--format=tar", f"{revision}:{inner}" if inner else revision)
        if packed is None:
            raise BadBaseline(f"git could not unpack {revision}")
        cache.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=cache))
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            for member in archive:
                steps = PurePosixPath(member.name).parts
                wanted = member.isfile() and member.name.endswith(SUFFIXES) and not _SKIPPED & set(steps)
                content = archive.extractfile(member) if wanted and ".." not in steps and steps[0] != "/" else None
                if content is not None:
                    target = part.joinpath(*steps)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content.read())
        try:
            part.rename(folder)
        except OSError:  # another run was first
            shutil.rmtree(part, ignore_errors=True)
    return Snapshot(revision, folder)


def released(repository: Path) -> list[str]:
    """The release tags (``v1.2.0``), oldest first."""
    listed = _git(repository, "tag", "--list", "v[0-9]*", "--sort=version:refname", "--merged", "HEAD")
    return [] if listed is None else listed.decode().split()


def _git(repository: Path, *arguments: str) -> bytes | None:
    """The output, or None when git is absent, this is no repository or git refuses."""
    try:
        done = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def _is_inside(path: Path, root: str) -> bool:
    """Whether it is a regular file below `root`, links followed, of a size that is read."""
    inside = os.path.realpath(path).startswith(root.rstrip(os.sep) + os.sep)
    return inside and path.is_file() and path.stat().st_size <= _MAX_BYTES


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        yield from (Path(folder, name) for name in files if name.endswith(SUFFIXES))
