"""What comes of contracts that nobody here wrote, as a Markdown table.

    python generator/tests/foreign/survey.py OUT FILE_OR_FOLDER... > docs/reference/foreign.md

Each argument is one description, a file or the folder of its files; the generated code stays in OUT. Operations are
counted twice: in the description itself by the few lines below, and in what was generated.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tenon import pipeline
from tenon.config import Config
from tenon.finding import Finding, Severity
from tenon.write import Manifest, write

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
RUNTIME = Path(__file__).parents[3] / "runtime"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Times are in seconds."""

    name: str
    kind: str
    size: int
    declared: int
    generated: int
    findings: Counter[str]
    generate: float
    load: str
    typed: str


def main(out: Path, sources: list[Path]) -> None:
    rows = [survey(out, source) for source in sources]
    print(HEAD.format(python=sys.version.split()[0], mypy=importlib.metadata.version("mypy")))
    print(
        "| description | kind | MB | operations in | out | share | findings | generate s | import s | mypy --strict |"
    )
    print("|---|---|---:|---:|---:|---:|---|---:|---:|---|")
    for row in rows:
        share = f"{100 * row.generated / row.declared:.1f} %" if row.declared else "–"
        found = ", ".join(f"{count} {rule}" for rule, count in sorted(row.findings.items())) or "none"
        print(
            f"| {row.name} | {row.kind} | {row.size / 1e6:.2f} | {row.declared} | {row.generated} | {share} | {found} "
            f"| {row.generate:.1f} | {row.load} | {row.typed} |"
        )
    whole = [row for row in rows if row.declared and row.generated >= 0.99 * row.declared and row.typed == "passes"]
    print(f"\n{len(whole)} of {len(rows)} generate at least 99 % of their operations as code that passes mypy.")


HEAD = """# Contracts that nobody here wrote

Made by `python generator/tests/foreign/survey.py OUT DESCRIPTION...` with Python {python} and mypy {mypy}. The
descriptions are public and not in this repository; what each taught stands as a minimal case in
`generator/tests/foreign/cases`.

Operations in: methods below `paths` of OpenAPI, operations of AsyncAPI (2.x: publish and subscribe). Out: those with
generated code. `route-collision` names operations that no server could tell apart by method, path and constant
parameters (only a `#fragment` differs, or the names in braces): each is left out, and named at its place. `ref-missing`
is a reference to nothing: anything is taken there. Versions that are not read are `openapi-version` and
`asyncapi-version`, other formats of payload schemas `asyncapi-format`. The rest are warnings.
"""


def survey(out: Path, source: Path) -> Row:
    name = source.stem if source.is_file() else source.name
    contracts, target = out / name / "contracts", out / name / "out"
    shutil.rmtree(out / name, ignore_errors=True)
    if source.is_file():
        contracts.mkdir(parents=True)
        shutil.copy(source, contracts)
    else:
        shutil.copytree(source, contracts, symlinks=True)
    started = time.monotonic()
    generated = pipeline.generate(contracts, Config(), "contracts")
    write(target, list(generated.files), Manifest(), lambda files: pipeline.judge(iter(files)))
    seconds = time.monotonic() - started
    documents = list(read(contracts))
    packages = generated.model.packages
    made = sum(len(package.operations) for package in packages) + sum(
        len(package.event_document.operations) for package in packages if package.event_document
    )
    return Row(
        name=name,
        kind=", ".join(sorted({kind for _, _, kind in documents})),
        size=sum(path.stat().st_size for path in contracts.rglob("*") if path.is_file()),
        declared=sum(count(path, document, kind) for path, document, kind in documents),
        generated=made if generated.files else 0,
        findings=Counter(map(said, generated.findings)),
        generate=seconds,
        load=run(target, sys.executable, "-c", IMPORT),
        typed="passes"
        if run(target, sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(out / "cache"), "-p", "api")
        != "fails"
        else "fails",
    )


def said(finding: Finding) -> str:
    return f"{finding.rule}{'' if finding.severity is not Severity.ERROR else ' (error)'}"


def read(contracts: Path) -> Iterator[tuple[Path, Any, str]]:
    """Every document with a version at its top, read by parsers that are not ours."""
    for path in sorted(contracts.rglob("*")):
        if path.suffix in (".json", ".yaml", ".yml"):
            try:
                document = load(path)
            except (ValueError, yaml.YAMLError):
                continue
            for key in ("openapi", "swagger", "asyncapi"):
                if isinstance(document, dict) and key in document:
                    yield path, document, f"{key} {'.'.join(str(document[key]).split('.')[:2])}"


def load(path: Path) -> Any:
    text = path.read_text("utf-8-sig")
    return json.loads(text) if path.suffix == ".json" else yaml.load(text, yaml.CBaseLoader)


def count(path: Path, document: Any, kind: str) -> int:
    """The operations that a document declares."""
    if kind.startswith("asyncapi 3"):
        return len(document.get("operations") or {})
    if kind.startswith("asyncapi"):
        return sum(key in ("publish", "subscribe") for item in document["channels"].values() for key in item)
    items = [follow(path, document, item) for item in document.get("paths", {}).values()]
    return sum(method in item for item in items for method in METHODS)


def follow(path: Path, document: Any, item: Any) -> Any:
    if not isinstance(item, dict) or "$ref" not in item:
        return item if isinstance(item, dict) else {}
    file, _, pointer = item["$ref"].partition("#")
    target = load(path.parent / file) if file else document
    for part in pointer.split("/")[1:]:
        target = target[part.replace("~1", "/").replace("~0", "~")]
    return target


IMPORT = """
import importlib, pkgutil, time
started = time.perf_counter()
import api
for module in pkgutil.walk_packages(api.__path__, "api."):
    importlib.import_module(module.name)
print(f"{time.perf_counter() - started:.1f}")
"""


def run(target: Path, *command: str) -> str:
    """The last line that a command prints in the generated code's folder, or ``fails``."""
    python = target / "generated" / "python"
    if not (python / "api").is_dir():
        return "–"
    environment = {**os.environ, "MYPYPATH": str(RUNTIME), "PYTHONPATH": str(python)}
    done = subprocess.run(command, cwd=python, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print("\n".join((done.stdout + done.stderr).splitlines()[-20:]), file=sys.stderr)
        return "fails"
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
