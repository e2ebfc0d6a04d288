"""The tutorial is true: every command runs, and prints what the page says."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from generator.tests.docs import runner

ROOT = Path(__file__).parents[3]


def test_the_tutorial_holds() -> None:
    with tempfile.TemporaryDirectory(prefix="tenon-doc-") as folder:
        assert runner.run(ROOT / "docs" / "tutorial.md", Path(folder)) > 20


def test_a_document_that_is_not_true_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Text.\n\n```console\n$ X=1\n$ echo $X; cd /\n1\n$ pwd\n/tmp\n```\n")
    with pytest.raises(AssertionError, match=r"page.md:7: \$ pwd\nshould print: /tmp\nprinted:\n/"):
        runner.run(page, tmp_path)
    page.write_text("```console\n$ false\n```\n")
    with pytest.raises(AssertionError, match="exited with 1"):
        runner.run(page, tmp_path)


def test_files_patches_and_servers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```text file=a.txt\none\n```\n"
        "```diff apply\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,2 @@\n one\n+two\n```\n"
        "```console\n$ cat a.txt\none\ntwo\n```\n"
        "```console serve\n$ python3 -u -c \"import time; print('up 7'); time.sleep(60)\"\nup …\n```\n"
        "```console\n$ echo \\\n> more\nmore\n^C\n```\n"
    )
    assert runner.run(page, tmp_path) == 3
