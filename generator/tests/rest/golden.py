"""Cases as data: ``cases/<feature>/contracts`` goes in, ``want`` comes out; ``UPDATE=1`` rewrites it.

A want has the files of interest as the generator writes them, and ``findings.txt`` with what it said.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tenon import pipeline
from tenon.config import Config
from tenon.write import Manifest, write

ROOT = Path(__file__).parents[3]


def cases(folder: Path) -> list[Path]:
    """Every case below ``cases`` beside a test, by name."""
    return sorted(path for path in (folder / "cases").iterdir() if path.is_dir())


def check(case: Path, names: tuple[str, ...], out: Path) -> None:
    """Generate from the case's contracts into `out` and compare the files called one of `names` with its want."""
    made = _make(case, names, out)
    want = case / "want"
    if os.environ.get("UPDATE"):
        shutil.rmtree(want, ignore_errors=True)
        for path, text in made.items():
            (want / path).parent.mkdir(parents=True, exist_ok=True)
            (want / path).write_text(text, "utf-8")
    wanted = {path.relative_to(want).as_posix(): path.read_text("utf-8") for path in _files(want)}
    assert made.keys() == wanted.keys()
    for path, text in made.items():
        assert text == wanted[path], f"{path} differs; UPDATE=1 rewrites the wants"


def _make(case: Path, names: tuple[str, ...], out: Path) -> dict[str, str]:
    generated = pipeline.generate(case / "contracts", Config(), "contracts")
    outcome = write(out, list(generated.files), Manifest(), lambda files: pipeline.judge(iter(files)))
    assert not outcome.findings
    made = {
        path.relative_to(out / "generated/python/api").as_posix(): path.read_text("utf-8")
        for path in _files(out / "generated")
        if path.name in names
    }
    said = [f"{f.at}: {f.severity.name.lower()}: {f.message} [{f.rule}]" for f in generated.findings]
    return {**made, **({"findings.txt": "".join(f"{line}\n" for line in said)} if said else {})}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def compiled(folder: Path, out: Path) -> None:
    """All cases at once, each as a folder of one contracts tree: their Python imports, and mypy --strict accepts it."""
    contracts = out / "contracts"
    for case in cases(folder):
        shutil.copytree(case / "contracts", contracts / case.name.replace("-", "_"))
    generated = pipeline.generate(contracts, Config(), "contracts")
    errors = [finding for finding in generated.findings if finding.severity.name == "ERROR"]
    assert not errors, "a case with error findings belongs to the tests of the readers"
    write(out, list(generated.files), Manifest(), lambda files: [])
    python = out / "generated" / "python"
    environment = {**os.environ, "MYPYPATH": str(ROOT / "runtime"), "PYTHONPATH": str(python)}
    mypy = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--cache-dir",
        str(out / "cache"),
        "-p",
        "api",
    ]
    done = subprocess.run(mypy, cwd=python, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run([sys.executable, "-c", _IMPORT], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


_IMPORT = """
import api, importlib, pkgutil
for module in pkgutil.walk_packages(api.__path__, "api."):
    importlib.import_module(module.name)
"""
