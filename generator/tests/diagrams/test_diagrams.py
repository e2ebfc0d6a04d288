"""The pages about the whole platform, and CODEOWNERS.

`cases/<feature>/want` holds the files; ``UPDATE=1`` rewrites it.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tenon import pipeline
from tenon.config import Config
from tenon.emit import diagrams, ownership
from tenon.lang import markdown

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CASES = sorted(path.name for path in (HERE / "cases").iterdir())
ALLOWED = {
    "inline", "text", "softbreak", "code_inline", "fence", "text_special", "em_open", "em_close", "strong_open",
    "strong_close", "paragraph_open", "paragraph_close", "heading_open", "heading_close", "table_open", "table_close",
    "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close", "th_open", "th_close", "td_open",
    "td_close",
}  # fmt: skip
"""What our pages are made of: no HTML, no link, no image, no list."""


def emit(contracts: Path, *, ours: bool = False) -> dict[str, str]:
    model, findings = pipeline.load(contracts, Config(ours=ours), "contracts")
    assert not [str(f) for f in findings if f.rule.startswith(("proto", "asyncapi", "openapi"))], findings
    return {file.path: file.text for emitter in (diagrams, ownership) for file in emitter.emit(model)}


def parse(text: str) -> list[Token]:
    """All tokens of a page as GitHub reads it, those of a line included."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [inner for token in tokens for inner in (token, *(token.children or ()))]


@pytest.mark.parametrize("case", CASES)
def test_the_pages_are_as_wanted(case: str) -> None:
    made = emit(HERE / "cases" / case / "contracts")
    want = HERE / "cases" / case / "want"
    if os.environ.get("UPDATE"):
        shutil.rmtree(want, ignore_errors=True)
        for path, text in made.items():
            (want / path).parent.mkdir(parents=True, exist_ok=True)
            (want / path).write_text(text, "utf-8")
    assert made == {p.relative_to(want).as_posix(): p.read_text("utf-8") for p in want.rglob("*") if p.is_file()}


@pytest.mark.parametrize("case", [*CASES, ""])
def test_contract_text_is_words_and_never_markup(case: str) -> None:
    """Without a case: this repository's own pages."""
    made = emit(HERE / "cases" / case / "contracts") if case else emit(ROOT / "contracts", ours=True)
    pages = {path: text for path, text in made.items() if path.endswith(".md")}
    assert len(pages) == 4
    for path, text in pages.items():
        tokens = parse(text)
        assert {token.type for token in tokens} <= ALLOWED, path
        fences = [token for token in tokens if token.type == "fence"]
        assert [fence.info for fence in fences] == (["mermaid"] * 2 if path.endswith("c4.md") else [])
        rows = [token.type for token in tokens if token.type in ("tr_open", "th_open", "td_open", "table_close")]
        for table in " ".join(rows).split("table_close")[:-1]:
            cells = [row.split() for row in table.split("tr_open")[1:]]
            assert len({len(row) for row in cells}) == 1 and len(cells) > 1, path


def test_a_diagram_has_no_directive_and_its_strings_end_where_they_should() -> None:
    text = emit(HERE / "cases" / "hostile" / "contracts")["generated/docs/c4.md"]
    for diagram in (token.content for token in parse(text) if token.type == "fence"):
        assert not re.search(r"%%|[`<>#;&\\]", diagram)
        for line in diagram.splitlines()[2:]:
            assert re.fullmatch(r'\s*(?:\w+\((?:[\w]+|"[^"]*")(?:, (?:\w+|"[^"]*"))*\)(?: \{)?|\})', line), line


def test_an_owner_that_is_no_plain_name_owns_nothing() -> None:
    lines = emit(HERE / "cases" / "hostile" / "contracts")[".github/CODEOWNERS"].splitlines()
    assert all(line.startswith("# ") for line in lines)


@pytest.mark.parametrize(
    "text",
    ["plain", "1. one", "- one", "# one", "> one", "+ one", "a\n\nb", "| a | b", "*a* _b_", "`a", "[a]: b", "<a>",
     "&lt;", "![a](b)", "https://a.example", "~~a~~", "===", "---", "a\\", "\\", "$a$", "    a", "```", "1) a",
     "<!-- a -->"],
)  # fmt: skip
def test_escaped_text_is_one_paragraph_that_says_the_same(text: str) -> None:
    *_, inline, _ = MarkdownIt("commonmark").enable("table").parse(markdown.inline(text))
    tokens = parse(markdown.inline(text))
    assert {token.type for token in tokens} <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}
    assert "".join(child.content for child in inline.children or ()) == " ".join(text.split())


@pytest.mark.parametrize("text", ["a", "`", "``a`", "a`b``c", " a ", "a\nb", "<b>", "\\"])
def test_a_code_span_says_the_same(text: str) -> None:
    (span,) = [token for token in parse(markdown.code(text)) if token.type == "code_inline"]
    assert span.content == " ".join(text.split())
