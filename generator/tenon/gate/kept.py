"""Witnesses kept as regression cases: what was once shown to break somebody is tried on every later contract.

A case is one JSON file in ``contract-tests/gate/``. It says which body it is, and whether the contract has to accept
it: a break that was refused must not come back, one that was waived must not be undone by accident. Bodies of requests
and answers are replayed; every other witness is kept for people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from tenon.gate.documents import Document, Documents, Unreadable
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change, Direction, Report, Role, Verdict, Witness, breaking
from tenon.source import Location

FOLDER = "contract-tests/gate"
RULE = "kept-witness"
_BODY = re.compile(
    r"(?P<method>[A-Z]+) (?P<path>/\S*) (?:request body|(?P<status>[1-5](?:[0-9]{2}|XX)|default) body)"
    r"(?: \((?P<media>[^)]+)\))?"
)


def keep(report: Report, folder: Path) -> list[Path]:
    """Write a case for every proved break of the report; the files, those that were there already included."""
    written = []
    for change in report.changes:
        if change.verdict is Verdict.BREAKING and change.witness is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{change.fingerprint}.json"
            waived = change.waiver is not None
            case = {
                "subject": next(iter(change.affects), change.subject),
                "rule": change.rule,
                "message": change.message,
                "accept": (change.direction is Direction.REQUEST) != waived,
                "kind": change.witness.kind,
                "value": change.witness.value,
            }
            path.write_text(json.dumps(case, indent=2, sort_keys=True) + "\n", "utf-8")
            written.append(path)
    return written


def replay(new: Snapshot) -> tuple[list[Change], list[str]]:
    """What the kept cases say of the contracts of `new`, and which cases cannot be read."""
    changes: list[Change] = []
    problems: list[str] = []
    cases = sorted((new.root / FOLDER).glob("*.json")) if new.only is None else []
    operations = dict(_operations(new)) if cases else {}
    for path in cases:
        name = f"{FOLDER}/{path.name}"
        try:
            case = orjson.loads(path.read_bytes())
            subject, accept, value = str(case["subject"]), bool(case["accept"]), case["value"]
            kind = str(case["kind"])
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
            problems.append(f"{name}: this is no kept witness; remove it or keep it again")
            continue
        match = _BODY.fullmatch(subject)
        if kind != "json" or match is None:
            continue
        found = operations.get((match["method"], _shape(match["path"])))
        pointer = _schema(found, match) if found else None
        if found is None or pointer is None:
            continue  # the operation is gone: another rule says so
        if (said := _belongs(found[0], pointer, value)) is not None and said is not accept:
            changes.append(_change(found[0], pointer, subject, accept, value, name))
    return changes, problems


def _change(document: Document, pointer: tuple[str, ...], subject: str, accept: bool, value: Any, name: str) -> Change:
    words = ("accepted", "refused") if accept else ("refused", "accepted")
    return breaking(
        subject,
        f"a body that has to be {words[0]} is {words[1]} ({name})",
        "mend the contract, or remove the case if it does not matter any more",
        detail=name,
        direction=Direction.REQUEST if "request" in subject else Direction.RESPONSE,
        role=Role.CLIENT,
        rule=RULE,
        new=document.at(*pointer),
        old=Location(name),
        witness=Witness("json", value, *words, ("tenon.schema",)),
    )


Operation = tuple[Document, tuple[str, ...], dict[str, Any]]


def _operations(new: Snapshot) -> Iterator[tuple[tuple[str, str], Operation]]:
    documents = Documents(new)
    for file in new.contract_files(".yaml", ".yml", ".json"):
        document = documents.load(file)
        if document is None:
            continue
        try:
            paths = document.value.get("paths") if isinstance(document.value, dict) else None
        except Unreadable:
            continue
        for path, item in paths.items() if isinstance(paths, dict) else ():
            for method, operation in item.items() if isinstance(item, dict) else ():
                if isinstance(operation, dict):
                    yield (method.upper(), _shape(path)), (document, ("paths", path, method), operation)


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def _schema(found: Operation, match: re.Match[str]) -> tuple[str, ...] | None:
    """The keys of the body's schema; a reference on the way is not followed."""
    _, keys, value = found
    way = ("requestBody",) if match["status"] is None else ("responses", match["status"])
    holder: Any = value
    for key in (*way, "content"):
        holder = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(holder, dict):
        return None
    media = match["media"] or next((each for each in holder if "json" in each), None)
    if media not in holder or not isinstance(holder[media], dict) or "schema" not in holder[media]:
        return None
    return (*keys, *way, "content", media, "schema")


def _belongs(document: Document, keys: tuple[str, ...], value: Any) -> bool | None:
    from tenon import schema

    version = str(document.value.get("openapi", ""))
    dialect = "openapi3.0" if version.startswith("3.0") else "draft2020-12"
    pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
    only = schema.Document({"enum": [value]}, "draft2020-12").at()
    match schema.is_subset(only, schema.Document(document.value, dialect).at(pointer)):
        case schema.Proved():
            return True
        case schema.Refuted():
            return False
    return None
