"""What public descriptions that nobody here wrote have taught, as minimal cases written anew.

`survey.py` beside this file counts what comes of the descriptions themselves.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.tests.rest.golden import cases, check, compiled

HERE = Path(__file__).parent


@pytest.mark.parametrize("case", cases(HERE), ids=lambda case: case.name)
def test_case(case: Path, tmp_path: Path) -> None:
    check(case, ("types.py", "rest.py", "openapi.json"), tmp_path)


def test_every_want_imports_and_is_typed(tmp_path: Path) -> None:
    compiled(HERE, tmp_path)
