"""From contracts to files, readable top to bottom. Nothing here prints, and only `write` touches the output."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import tenon.emit
import tenon.read
from tenon.config import Config
from tenon.crash import stage
from tenon.file import File
from tenon.finding import Finding, Severity
from tenon.lang import python_gate
from tenon.memo import Memo
from tenon.model import Contracts
from tenon.model.graph import Model
from tenon.read.tree import DEFAULT_BUDGET, Tree
from tenon.resolve import resolve
from tenon.source import Location


@dataclass(frozen=True, slots=True)
class Generated:
    """What a run made. `files` is empty when a finding is an error."""

    model: Model
    files: tuple[File, ...]
    findings: tuple[Finding, ...]


def read(
    root: Path, name: str, *, budget: int = DEFAULT_BUDGET, memo: Memo | None = None
) -> tuple[Contracts, list[Finding]]:
    """Read the contracts folder `root`, called `name` in findings, with every reader there is.

    Raises:
        Broken: a reader fails in a way that nobody expected; so do the functions below for resolving and emitting.
    """
    with stage("listing the contracts"):
        tree = Tree.scan(root, name, budget)
    tree.memo = memo or tree.memo
    contracts, findings = Contracts(name), list(tree.findings)
    with ThreadPoolExecutor(2) as pool:  # the protobuf compiler is a process of its own: it works while others read
        readers = list(_folder(tenon.read, "read"))[::-1]
        for reader, (part, more) in zip(readers, pool.map(lambda reader: _read(reader, tree), readers), strict=True):
            contracts = replace(contracts, **{_kind(reader): part})
            findings += more
    return contracts, findings


def _read(reader: Any, tree: Tree) -> tuple[Any, list[Finding]]:
    with stage(f"reading {_kind(reader)}"):
        part, findings = reader.read(tree)
    return part, findings


def _emit(emitter: Any, model: Model) -> list[File]:
    with stage(f"emitting {_kind(emitter)}"):
        return list(emitter.emit(model))


def _kind(module: Any) -> str:
    return str(module.__name__).rsplit(".", 1)[-1]


def load(
    root: Path, config: Config, name: str, *, budget: int = DEFAULT_BUDGET, memo: Memo | None = None
) -> tuple[Model, list[Finding]]:
    """Read and resolve."""
    gc_was_on = gc.isenabled()
    gc.disable()  # parsing makes millions of small objects and no garbage cycles: 3.5 times faster without
    try:
        contracts, findings = read(root, name, budget=budget, memo=memo)
        with stage("resolving"):
            model, more = resolve(contracts, ours=config.ours, required=config.require)
    finally:
        if gc_was_on:
            gc.enable()
    return model, findings + more


def generate(
    root: Path, config: Config, name: str, *, budget: int = DEFAULT_BUDGET, memo: Memo | None = None
) -> Generated:
    """Read, resolve and emit; nothing is written. `memo` remembers texts that were made before."""
    model, findings = load(root, config, name, budget=budget, memo=memo)
    model = replace(model, memo=memo or Memo())
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Generated(model, (), _ordered(findings))
    files: dict[str, File] = {}
    emitters = [e for e in _folder(tenon.emit, "emit") if config.ours or not getattr(e, "REPOSITORY_ONLY", False)]
    with ThreadPoolExecutor(2) as pool:  # some emitters wait for a tool that is a process of its own
        runs = {e.__name__: pool.submit(_emit, e, model) for e in reversed(emitters)}
    for name in sorted(runs):
        for file in runs[name].result():
            # Not every file system tells capitals apart, and the output has to be the same on all of them.
            other = files.setdefault(file.path.casefold(), file)
            if other is not file:
                findings.append(_collision(file, other))
    for path, file in files.items():
        if (folder := _shadowed(path, files)) is not None:
            findings.append(_collision(folder, file))
    return Generated(model, tuple(files.values()), _ordered(findings))


def _shadowed(path: str, files: dict[str, File]) -> File | None:
    """The package that hides the module at `path`: Python takes ``events/__init__.py`` before ``events.py``."""
    return files.get(f"{path.removesuffix('.py')}/__init__.py") if path.endswith(".py") else None


def _collision(file: File, other: File) -> Finding:
    words = f"two contracts would write {file.path}"
    if file.path != other.path:
        words = f"{file.path} and {other.path} would be one"
    return Finding(
        _place(file), "output-collision", words, "rename one of the contracts or packages", also=_place(other)
    )


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Without repetitions, by place. (A finding without another place goes before one with it.)"""
    return tuple(
        sorted(set(findings), key=lambda f: (f.at, f.rule, f.message, f.remedy, f.severity, str(f.also or "")))
    )


def judge(files: Iterator[File]) -> list[Finding]:
    """What in generated Python no generated module may contain: the net under every filter."""
    return [
        Finding(_place(file), "unsafe-output", f"{file.path}:{line} would hold {words}",
                "report this contract: an escape is missing")
        for file in files
        if file.path.endswith(".py")
        for line, words in python_gate.violations(file.path, file.text)
    ]  # fmt: skip


def _place(file: File) -> Location:
    path, _, symbol = file.source.partition("#")
    return Location(path, symbol=symbol)


def _folder(package: ModuleType, function: str) -> Iterator[Any]:
    """The packages inside `package` that have `function`, by name: the folder is the registry."""
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if info.ispkg:
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            found: Callable[..., Any] | None = getattr(module, function, None)
            if found is not None:
                yield module
