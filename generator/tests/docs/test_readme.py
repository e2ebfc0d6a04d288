"""The README shows real files, and costs that a measurement confirms."""

from __future__ import annotations

import re

from generator.tests.docs import pages


def test_it_shows_each_step_from_a_contract_to_its_implementation() -> None:
    shown = [block.mark[1] for block in pages.blocks("README.md") if block.mark and block.mark[0] == "from"]
    assert [path.split("/")[0] for path in shown] == ["contracts", "contracts", "generated", "impl"]


def test_the_two_commands_are_make_targets_with_a_line_of_help() -> None:
    makefile = pages.read("Makefile")
    first = next(pages.blocks("README.md"))
    commands = re.findall(r"^make (\w+)", first.text, re.M)
    assert commands == ["demo", "test"]
    for command in commands:
        assert re.search(rf"^{command}:.*## \S", makefile, re.M)


def test_every_other_tool_is_linked() -> None:
    rows = pages.table("README.md", "| Tool |")
    assert len(rows) >= 5
    assert all("](https://" in row[0] for row in rows)
