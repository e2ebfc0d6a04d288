"""Puts files on disk: formatted once, judged, written only where they change, atomically; what is stale goes.

`.tenon/manifest.json` remembers what was made from what. It is built, never committed; without it everything is
made again, with the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenon.file import File
from tenon.finding import Finding

WIPED = "generated"
"""The folder whose files are all ours: what a run does not make is removed from it."""
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}|\.github")
_BUILT = re.compile(r"(.*/)?__pycache__/|rust/([\w-]+/)?target/")
"""What others build inside the wiped folder: left alone."""


class UnsafePath(ValueError):
    """A path that must not be written: it leaves the output, or is made of unaccepted characters.

    `source` refers to the contract that the file was made from, where there is one.
    """

    def __init__(self, message: str, source: str = "") -> None:
        super().__init__(message)
        self.source = source.partition("#")[0]


@dataclass
class Outcome:
    """What writing did or, when checking, would do. Paths are relative to the output root."""

    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def stale(self) -> list[str]:
        return sorted([*self.written, *self.removed])


@dataclass
class Manifest:
    """What the last run left behind.

    `key`: digest of everything that went in. `outputs`: by path, the digest of the emitter's text, of the bytes
    on disk, and their size and mtime (ns) when they were last known to be those bytes. `findings`: the warnings that
    the run gave, for a run that finds nothing changed to give again.
    """

    key: str = ""
    inputs: dict[str, list[Any]] = field(default_factory=dict)
    outputs: dict[str, list[Any]] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def load(cls, root: Path) -> Manifest:
        """What `as_json` gave, if it is there and is nothing else."""
        try:
            data = json.loads((root / ".tenon" / "manifest.json").read_bytes())
            known = cls(data["key"], dict(data["inputs"]), dict(data["outputs"]), list(data["findings"]))
            sizes = [*(each[:2] for each in known.inputs.values()), *(each[2:] for each in known.outputs.values())]
            whole = all(len(pair) == 2 and all(type(number) is int for number in pair) for pair in sizes)
            return known if whole else cls()
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return cls()

    def as_json(self) -> str:
        return json.dumps(vars(self), separators=(",", ":"))

    def intact(self, root: Path) -> bool:
        """True when every output is as the last run left it, judged by size and mtime."""
        for path, (_, _, size, mtime) in self.outputs.items():
            try:
                status = os.stat(root / path)
            except OSError:
                return False
            if status.st_size != size or status.st_mtime_ns != mtime:
                return False
        return True


def write(
    root: Path,
    files: Iterable[File],
    manifest: Manifest,
    judge: Callable[[list[File]], list[Finding]],
    *,
    check: bool = False,
) -> Outcome:
    """Write `files` below `root` and remove what is stale in ``generated/``; with `check` only say what would happen.

    `judge` sees every changed file in its final form; if it finds anything, nothing is written.

    Raises:
        UnsafePath: a file's path leaves `root` or is not made of accepted names.
        OSError: a folder cannot be written to.
    """
    outcome = Outcome()
    wanted = {file.path: file for file in files}
    inside(root, root / WIPED)
    folders: set[Path] = set()
    for file in wanted.values():
        _accept(root, file, folders)
    changed: list[File] = []
    outputs: dict[str, list[Any]] = {}
    for path, file in wanted.items():
        if file.once:
            if not os.path.lexists(root / path):
                changed.append(file)
            continue
        digest = _digest(file.text.encode())
        known = manifest.outputs.get(path)
        if known is not None and known[0] == digest and _is_known(root / path, known):
            outputs[path] = [digest, known[1], *_stat(root / path)]
            outcome.unchanged += 1
        else:
            changed.append(file)
    formatted = _format(changed)
    outcome.findings = judge(formatted)
    if outcome.findings:
        return outcome
    raw = {file.path: file.text for file in changed}
    outcome.removed = sorted(_present(root) - {path for path, file in wanted.items() if not file.once})
    if not check:
        for path in outcome.removed:
            (root / path).unlink()
        _prune(root / WIPED)
    for file in formatted:
        target, content = root / file.path, file.text.encode()
        if _digest_of(target) == _digest(content):
            outcome.unchanged += 1
        else:
            outcome.written.append(file.path)
            if not check:
                _replace(target, content)
        if not file.once and target.exists():
            outputs[file.path] = [_digest(raw[file.path].encode()), _digest(content), *_stat(target)]
    if not check:
        manifest.outputs = outputs
    outcome.written.sort()
    return outcome


def keep(root: Path, name: str, text: str) -> None:
    """Put what a run remembers into ``.tenon/``.

    Raises:
        UnsafePath: a link leads out of `root`.
    """
    target = root / ".tenon" / name
    inside(root, target.parent)
    _replace(target, text.encode())


def _accept(root: Path, file: File, folders: set[Path]) -> None:
    """`folders` holds those that are known to be inside."""
    path, parts = file.path, file.path.split("/")
    if not all(_PART.fullmatch(part) for part in parts) or len(path) > 400:
        raise UnsafePath(f"refusing to write {path!a}", file.source)
    if file.once and os.path.lexists(root / path):
        return  # theirs, whatever it is
    if (folder := (root / path).parent) not in folders:
        inside(root, folder, file.source)
        folders.add(folder)
    if (root / path).is_symlink():
        raise UnsafePath(f"refusing to write {path!a}: it is a symbolic link", file.source)


def inside(root: Path, folder: Path, source: str = "") -> None:
    """Check that `folder`, as far as it exists, is in `root` without a link out of it.

    Raises:
        UnsafePath: it is not.
    """
    real = os.path.realpath(root)
    if os.path.commonpath([real, os.path.realpath(folder)]) != real:
        name = folder.relative_to(root).as_posix()
        raise UnsafePath(f"refusing to write {name!a}: a link leads out of the output folder", source)


def _format(files: list[File]) -> list[File]:
    """All Python among `files` through the formatter, in one process."""
    python = [file for file in files if file.path.endswith(".py")]
    if not python:
        return files
    with tempfile.TemporaryDirectory(prefix="tenon-format-") as scratch:
        for file in python:
            target = Path(scratch, file.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.text, "utf-8")
        ruff = Path(sys.executable).with_name("ruff")
        command = [str(ruff) if ruff.exists() else "ruff"]
        options = ["--isolated", "--no-cache", "--quiet", "--target-version", "py311", "--line-length", "120"]
        known = 'lint.isort.known-first-party=["api", "impl"]'
        subprocess.run(
            [*command, "check", "--fix", "--select", "I,RUF022", "--exit-zero", *options, "--config", known, scratch],
            check=False,
            capture_output=True,
        )
        subprocess.run([*command, "format", *options, scratch], check=False, capture_output=True)
        done = {file.path: Path(scratch, file.path).read_text("utf-8") for file in python}
    return [File(f.path, done.get(f.path, f.text), f.source, f.once) for f in files]


def _present(root: Path) -> set[str]:
    found: set[str] = set()
    todo = [""]
    while todo:
        folder = todo.pop()
        try:
            entries = list(os.scandir(root / WIPED / folder))
        except FileNotFoundError:
            continue
        for entry in entries:
            path = f"{folder}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                todo.append(f"{path}/")
            elif not _BUILT.match(path):
                found.add(f"{WIPED}/{path}")
    return found


def _prune(folder: Path) -> None:
    """Remove folders that hold nothing but caches."""
    for path, _, _ in os.walk(folder, topdown=False):
        entries = set(os.listdir(path))
        if entries <= {"__pycache__"} and path != str(folder):
            shutil.rmtree(path, ignore_errors=True)


def _replace(target: Path, content: bytes) -> None:
    """Write whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".tenon-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        mode = 0o666 & ~_umask()
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _digest_of(path: Path) -> str | None:
    try:
        return _digest(path.read_bytes())
    except OSError:
        return None


def _is_known(path: Path, known: list[Any]) -> bool:
    """Whether the file still has the bytes that the manifest knows: by size and time, else by reading it."""
    try:
        return _stat(path) == known[2:] or _digest_of(path) == known[1]
    except OSError:
        return False


def _stat(path: Path) -> list[int]:
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns]
