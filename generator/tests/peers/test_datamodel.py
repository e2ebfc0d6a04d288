"""datamodel-code-generator reads the same OpenAPI documents: an implementation that is not ours, to be compared with.

Our types have to have its classes, keys and required keys. Its pydantic models are also asked for verdicts, beside
jsonschema-rs, which judges at run time: what only one of the two refuses is why models are not the judge
(docs/decisions/0008-types-and-judge.md).
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema_rs
import pydantic
import pytest
import typing_extensions as typing
from datamodel_code_generator import InputFileType, PythonVersion, generate
from datamodel_code_generator.enums import DataModelType
from datamodel_code_generator.format import Formatter

ROOT = Path(__file__).parents[3]
DOMAINS = ("identity", "catalog")


def document(domain: str) -> Any:
    """The bundled OpenAPI document of a domain."""
    return json.loads((ROOT / "generated" / "python" / "api" / domain / "v1" / "openapi.json").read_bytes())


@cache
def peer(domain: str, kind: DataModelType) -> ModuleType:
    """What datamodel-code-generator makes of it, as a module."""
    # Without `format: email`: pydantic wants one more package for it, which nothing here needs.
    text = json.dumps(document(domain)).replace('"format": "email", ', "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = generate(
            text,
            input_file_type=InputFileType.OpenAPI,
            output_model_type=kind,
            disable_timestamp=True,
            formatters=[Formatter.BUILTIN],
            target_python_version=PythonVersion.PY_311,
        )
    assert isinstance(code, str)
    module = ModuleType(f"peer_{domain}_{kind.name}")
    sys.modules[module.__name__] = module
    exec(compile(code, module.__name__, "exec"), module.__dict__)  # noqa: S102 - code of a contract that is ours
    return module


def keys(typed_dict: Any) -> dict[str, bool]:
    """Each key, and whether it is required."""
    hints = typing.get_type_hints(typed_dict, include_extras=True)
    marks: dict[str, Any] = {name: typing.get_origin(hint) for name, hint in hints.items()}
    return {name: mark is not typing.NotRequired for name, mark in marks.items()}


@pytest.mark.parametrize("domain", DOMAINS)
def test_our_types_have_the_peers_keys(domain: str) -> None:
    ours: Any = importlib.import_module(f"api.{domain}.v1.types")
    theirs = peer(domain, DataModelType.TypingTypedDict)
    objects = [name for name, value in vars(theirs).items() if typing.is_typeddict(value)]
    assert len(objects) >= 5
    assert {name: keys(getattr(ours, name)) for name in objects} == {
        name: keys(getattr(theirs, name)) for name in objects
    }


CREATOR = {
    "creatorId": "0190b4a6-5a4e-7cc1-9b1c-1f2d3c4b5a69",
    "handle": "ada",
    "displayName": "Ada",
    "status": "CREATOR_STATUS_PENDING",
    "version": "1",
    "registeredAt": "2026-01-02T03:04:05Z",
}
REGISTRATION = {"handle": "ada", "displayName": "Ada", "contactEmail": "ada@example.com"}

GOOD: list[tuple[str, Any]] = [
    ("CreatorRegistration", REGISTRATION),
    ("CreatorRegistration", REGISTRATION | {"bio": ""}),
    ("CreatorChange", {"displayName": "Ada L."}),
    ("Creator", CREATOR),
    ("Creator", CREATOR | {"verifiedAt": "2026-01-02T03:04:05.678+02:00", "bio": "x"}),
    ("Rotation", {}),
    ("Rotation", {"activateAfterSeconds": 86400}),
    ("ApiKeyCreation", {"label": "ci", "scopes": ["videos:read", "videos:write"]}),
    ("Token", {"accessToken": "a.b.c", "tokenType": "Bearer", "expiresIn": 900}),
]
REFUSED_BY_BOTH: list[tuple[str, Any]] = [
    ("CreatorRegistration", {}),
    ("CreatorRegistration", REGISTRATION | {"admin": True}),
    ("CreatorRegistration", REGISTRATION | {"handle": "Not A Handle"}),
    ("CreatorRegistration", REGISTRATION | {"handle": "ada\n"}),
    ("CreatorRegistration", REGISTRATION | {"displayName": 7}),
    ("CreatorRegistration", REGISTRATION | {"bio": "x" * 1001}),
    ("Creator", CREATOR | {"status": "CREATOR_STATUS_ADMIN"}),
    ("Creator", CREATOR | {"registeredAt": "yesterday"}),
    ("Rotation", {"activateAfterSeconds": -1}),
    ("ApiKeyCreation", {"label": "ci", "scopes": []}),
    ("Token", {"accessToken": "", "tokenType": "Bearer", "expiresIn": 900}),
]
REFUSED_BY_THE_SCHEMA_ALONE: dict[str, tuple[str, Any]] = {
    "a number as text": ("Rotation", {"activateAfterSeconds": "60"}),
    "a boolean as number": ("Rotation", {"activateAfterSeconds": True}),
    "null where a value may be left out": ("CreatorRegistration", REGISTRATION | {"bio": None}),
    "nothing to change (minProperties)": ("CreatorChange", {}),
    "a repeated item (uniqueItems)": ("ApiKeyCreation", {"label": "ci", "scopes": ["videos:read", "videos:read"]}),
    "another spelling of a UUID": ("Creator", CREATOR | {"creatorId": CREATOR["creatorId"].upper()}),
    "a number as time": ("Creator", CREATOR | {"registeredAt": 1767323045}),
}


def schema_takes(name: str, value: Any) -> bool:
    registry = jsonschema_rs.Registry([("json-schema:///identity", document("identity"))])
    schema = {"$ref": f"json-schema:///identity#/components/schemas/{name}"}
    return jsonschema_rs.Draft202012Validator(schema, registry=registry, validate_formats=True).is_valid(value)


def model_takes(name: str, value: Any) -> bool:
    model = getattr(peer("identity", DataModelType.PydanticV2BaseModel), name)
    try:
        model.model_validate_json(json.dumps(value))
    except pydantic.ValidationError:
        return False
    return True


def test_models_take_what_the_schema_takes() -> None:
    assert [case for case in GOOD if not (schema_takes(*case) and model_takes(*case))] == []


def test_both_refuse_what_is_wrong() -> None:
    assert [case for case in REFUSED_BY_BOTH if schema_takes(*case) or model_takes(*case)] == []


@pytest.mark.parametrize("why", REFUSED_BY_THE_SCHEMA_ALONE)
def test_models_are_no_judges(why: str) -> None:
    case = REFUSED_BY_THE_SCHEMA_ALONE[why]
    assert not schema_takes(*case)
    assert model_takes(*case)
