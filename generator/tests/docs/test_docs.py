"""The pages are true: links lead somewhere, quotes stand in the code, commands run, tables are complete.

``UPDATE=1`` writes the parts that code decides.
"""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote

import pytest

from generator.tests.docs import makers, pages, rules, runner

PAGES = pages.pages()
OURS = [page for page in PAGES if page not in pages.OTHERS]
RUN = [page for page in OURS if any(block.info.startswith("console") for block in runner.blocks(pages.read(page)))]
ELSEWHERE = {
    "make demo": "contract-tests/scenario/test_story.py",
    "make test": "generator/tests",
    "make check": "generator/tests/new/test_new.py",
    "make up": "generator/tests/platform/test_platform.py",
    "make gate": "generator/tests/gate/test_cli.py",
    "make bench": "bench/__main__.py",
    "make setup": "requirements/install.py",
    "tenon up": "generator/tests/platform/test_platform.py",
    "tenon demo": "contract-tests/scenario/test_story.py",
    "tenon gate": "generator/tests/gate/test_cli.py",
    "promtool test rules": "generator/tests/operations",
    "python requirements/judges.py": "contract-tests/judges/test_openapi_core.py",
    "buf generate": "runtime/tests/interop/conftest.py",
    "git tag": "generator/tenon/cli/check.py",
    ".ci/run": ".ci/run",
}
"""Commands of ``sh`` blocks, which need minutes, a server or somebody to press Ctrl-C: where each of them is run."""
COPIED = (
    "contracts",
    "generated",
    "impl",
    "contract-tests",
    "tenon.toml",
    "buf.yaml",
    ".importlinter",
    "pyproject.toml",
)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    broken = []
    for target in pages.links(page):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), f"{page}: {target}"
            continue
        path, _, anchor = target.partition("#")
        file = (pages.ROOT / page).parent / unquote(path) if path else pages.ROOT / page
        known = not anchor or (file.exists() and anchor in pages.anchors(str(file.resolve().relative_to(pages.ROOT))))
        if not (file.exists() and known):
            broken.append(target)
    assert broken == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, todo = {"README.md"}, ["README.md"]
    while todo:
        page = todo.pop()
        for target in pages.links(page):
            path = target.partition("#")[0]
            if path.endswith(".md") and "://" not in path:
                file = ((pages.ROOT / page).parent / path).resolve()
                name = file.relative_to(pages.ROOT).as_posix()
                if file.exists() and name not in reached:
                    reached.add(name)
                    todo.append(name)
    assert set(PAGES) - reached == set()


@pytest.mark.parametrize("page", OURS)
def test_quotes_stand_in_their_files(page: str) -> None:
    for block in pages.blocks(page):
        if block.mark and block.mark[0] == "from":
            missing = pages.missing_from(block, pages.read(block.mark[1]))
            assert missing is None, f"{block.at}: {block.mark[1]} does not have:\n{missing}"


@pytest.mark.parametrize("page", makers.MAKERS)
def test_parts_that_code_decides_are_fresh(page: str) -> None:
    assert set(pages.parts(page)) == set(makers.MAKERS[page])
    assert pages.compare(page, makers.MAKERS[page]) == [], "UPDATE=1 pytest generator/tests/docs writes them"


@pytest.mark.parametrize("page", RUN)
def test_commands_run(page: str) -> None:
    """In a copy of this repository, from top to bottom."""
    with tempfile.TemporaryDirectory(prefix="tenon-docs-") as name:
        root = Path(name, "repository")
        root.mkdir()
        for each in COPIED:
            if (pages.ROOT / each).is_dir():
                shutil.copytree(pages.ROOT / each, root / each, ignore=shutil.ignore_patterns("__pycache__"))
            elif (pages.ROOT / each).exists():
                shutil.copy(pages.ROOT / each, root / each)
        assert runner.run(pages.ROOT / page, root) > 0


@pytest.mark.parametrize("page", OURS)
def test_other_commands_are_run_elsewhere(page: str) -> None:
    for block in runner.blocks(pages.read(page)):
        if block.info == "sh":
            for line in block.lines:
                command = re.sub(r"^(?:[A-Z_]+=\S+ )+", "", line.partition("  #")[0].strip())
                place = next((path for known, path in ELSEWHERE.items() if command.startswith(known)), None)
                assert not command or place, f"{page}:{block.at}: nothing runs {command!r}"
                assert place is None or (pages.ROOT / place).exists()
        assert block.info.partition(" ")[0] not in ("bash", "shell"), f"{page}:{block.at}: use console, or sh"


def test_every_rule_has_a_row() -> None:
    said = re.findall(r"^\| `([a-z0-9-]+)` \| .+ \| .+ \|$", pages.read("docs/reference/findings.md"), re.M)
    assert len(said) == len(set(said))
    assert set(said) == rules.rules()


def test_every_policy_is_explained() -> None:
    from tenon.resolve.policy import RULES

    assert {row[0].strip("`") for row in pages.table("docs/reference/tenon-toml.md", "| Entry |")} == RULES


def test_every_extension_is_explained() -> None:
    used = set()
    for path in (pages.ROOT / "generator" / "tenon" / "read").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                used |= set(re.findall(r"\Ax-tenon-[a-z]+\Z", node.value))
    page = pages.read("docs/reference/extensions.md")
    assert set(re.findall(r"^\| `(x-tenon-[a-z]+)`", page, re.M)) == used


def test_every_option_is_explained() -> None:
    page = pages.read("docs/reference/options.md")
    options = pages.read("contracts/tenon/v1/options.proto")
    fields = re.findall(r"^  (?:repeated )?[\w.]+ (\w+) = \d+;", options, re.M)
    assert len(fields) >= 10
    values = re.findall(r"^  (IDEMPOTENCY_\w+) = \d+;", options, re.M)
    kinds = re.findall(r"^  PERSONAL_DATA_(\w+) = [1-9];", options, re.M)
    for word in (*fields, *values, *kinds):
        assert f"`{word}`" in page or f".{word})" in page, word


def test_every_decision_is_listed_and_has_its_parts() -> None:
    folder = pages.ROOT / "docs" / "decisions"
    numbered = sorted(path.name for path in folder.glob("[0-9]*.md"))
    listed = [re.search(r"\(([^)]+)\)", row[0]) for row in pages.table("docs/decisions/README.md", "| | Decision")]
    assert [match[1] for match in listed if match] == numbered
    for name in numbered:
        text = (folder / name).read_text("utf-8")
        assert text.startswith(f"# {name[:4]} · ")
        for part in (
            "**Context.**",
            "**Decision.**",
            "**Consequences.**",
            "**Undo within two weeks.**",
            "**Look again**",
        ):
            assert part in text, f"{name} has no {part}"
        assert len(text.splitlines()) <= 60, f"{name} is longer than a page"
