"""Reports: one format to a module with ``render(report) -> str``; all are made from the one `Report`.

Names in a report come from contracts and are hostile: each format escapes what would be markup, a command or a
control character in it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from tenon.gate.verdict import Report

FORMATS = {
    "text": "for a terminal, with every witness",
    "json": "for programs; its schema is docs/reference/gate-report.schema.json",
    "sarif": "SARIF 2.1.0, for code scanning",
    "junit": "JUnit XML, one test case a rule",
    "github": "annotations of GitHub Actions",
    "gitlab": "GitLab's code quality report",
    "markdown": "a changelog, for a pull request or a release",
    "html": "the changelog as one self-contained page",
}


def render(report: Report, format: str) -> str:
    """`report` in one of `FORMATS`, ending in a newline."""
    module = importlib.import_module(f"tenon.gate.report.{format}")
    function: Callable[[Report], str] = module.render
    return function(report).rstrip("\n") + "\n"
