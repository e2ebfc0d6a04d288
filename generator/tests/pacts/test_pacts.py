"""Generated pacts: what is recorded, and that it can be read by the consumer that it is generated for.

`cases/<feature>/want` holds the modules; ``UPDATE=1`` rewrites it.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tenon import pipeline
from tenon.config import Config
from tenon.emit import pacts
from tenon.emit.pacts.schema_match import schema_matcher
from tenon.lang import python_gate
from tenon.write import Manifest, write

HERE = Path(__file__).parent
CASES = sorted(path.name for path in (HERE / "cases").iterdir())


@pytest.fixture(scope="module", params=CASES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A case and all that is generated for it."""
    out = tmp_path_factory.mktemp(request.param)
    generated = pipeline.generate(HERE / "cases" / request.param / "contracts", Config(), "contracts")
    files = [*generated.files, *pacts.emit(generated.model)]
    outcome = write(out, files, Manifest(), lambda files: pipeline.judge(iter(files)))
    assert outcome.findings == []
    return request.param, out


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.glob("*.py")}


def test_the_modules_are_as_wanted(made: tuple[str, Path]) -> None:
    case, out = made
    want = HERE / "cases" / case / "want"
    if os.environ.get("UPDATE"):
        shutil.rmtree(want, ignore_errors=True)
        shutil.copytree(out / "generated" / "tests" / "pacts", want)
    assert texts(out / "generated" / "tests" / "pacts") == texts(want)


def test_consumers_read_what_they_need(made: tuple[str, Path]) -> None:
    case, out = made
    environment = {**os.environ, "PYTHONPATH": str(out / "generated" / "python"), "PACT_DO_NOT_TRACK": "true"}
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "generated/tests/pacts"]
    done = subprocess.run(
        [sys.executable, *command], cwd=out, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{ {'events': 3, 'hostile': 1}[case] } passed" in done.stdout


def test_only_operations_that_need_neither_token_nor_state_are_recorded() -> None:
    text = texts(HERE / "cases" / "events" / "want")["test_api_consumer_shop_v1.py"]
    assert "listShops" in text and "needsAToken" not in text and "needsAState" not in text


def test_a_receiver_s_pact_has_the_fields_that_it_declares_and_no_others() -> None:
    text = texts(HERE / "cases" / "events" / "want")["test_mail_shop_v1.py"]
    assert '"shopId"' in text and '"hours"' not in text


def test_contract_text_is_only_ever_a_literal() -> None:
    (source,) = texts(HERE / "cases" / "hostile" / "want").values()
    assert "abort" in source
    assert python_gate.violations("generated/tests/pacts/test_a.py", source) == []
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    assert not names & {"os", "__import__", "abort"}


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"$ref": "#/a"}, "match.int(1)"),
        ({"$ref": "#/loop"}, None),
        ({"$ref": "#/nothing"}, None),
        (True, None),
        ({"type": "null"}, None),
        ({"type": ["integer", "null"]}, None),
        ({"type": "object"}, "match.type({})"),
        ({"type": "object", "required": ["b"], "properties": {"a": {}}}, "match.type({})"),
        ({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}, "{'a': match.str(\"text\")}"),
        ({"type": "array"}, "match.type([], min=0)"),
        ({"type": "array", "items": {"$ref": "#/a"}}, "match.type([match.int(1)], min=0)"),
    ],
)
def test_schemas_become_matchers_of_what_is_required(schema: Any, wanted: str | None) -> None:
    document = json.loads('{"a": {"type": "integer"}, "loop": {"$ref": "#/loop"}}')
    assert schema_matcher(schema, document) == wanted
