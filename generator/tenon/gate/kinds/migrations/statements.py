"""A migration's text as statements, and what each of them does: expand, backfill, verify or contract.

This only sorts and words what is said; whether something breaks is asked of PostgreSQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

_TOKEN = re.compile(
    r"""(?P<text>[eE]'(?:[^'\\]++|\\.|'')*+'?|'(?:[^']++|'')*+'?)
    |(?P<name>"(?:[^"]++|"")*+"?)
    |(?P<dollar>\$(?:[A-Za-z_]\w*+)?\$)
    |(?P<line>--[^\n]*+)
    |(?P<block>/\*)
    |(?P<end>;)
    |(?P<word>[A-Za-z_\u0080-\uffff][\w$]*+)
    |(?P<space>\s++)
    |(?P<other>\d[\w.]*+|\$\d++|::|[<>=!~|&@#?%^*+/-]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_BLOCK = re.compile(r"/\*|\*/")
_DOWN = re.compile(r"(?im)^--[ \t]*(?:\+goose|migrate:)\s*down\b.*\Z", re.DOTALL)


class Phase(Enum):
    """The part that a step has in a change without downtime."""

    EXPAND = "expand"
    BACKFILL = "backfill"
    VERIFY = "verify"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: comments and layout gone, words that are not quoted in small letters."""

    text: str
    line: int
    raw: str
    """As it was written."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a statement does to one object."""

    phase: Phase
    table: str
    column: str
    what: str
    """In words: ``drops column videos.title``."""
    line: int
    whole: bool = False
    """A backfill that touches every row in one statement."""


def upward(text: str) -> str:
    """A file without the part that takes it back (goose, dbmate)."""
    return _DOWN.sub("", text)


@lru_cache(maxsize=256)
def split(text: str) -> tuple[Statement, ...]:
    """The statements of a file. Linear in its length, whatever it holds."""
    found: list[Statement] = []
    words: list[str] = []
    begin = position = 0
    line = first = 1

    def close(end: int) -> None:
        if words:
            found.append(Statement(_joined(words), first, text[begin:end].strip()))
            words.clear()

    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None  # the last alternative takes any character
        kind, token, end = match.lastgroup, match[0], match.end()
        if kind == "block":
            end = _end_of_block(text, end)
        elif kind == "dollar":
            closing = text.find(token, end)
            end = len(text) if closing < 0 else closing + len(token)
            kind, token = "text", text[position:end]
        if kind == "end":
            close(position)
        elif kind not in ("space", "line", "block"):
            if not words:
                begin, first = position, line
            words.append(_spelled(kind, token))
        line += text.count("\n", position, end)
        position = end
    close(len(text))
    return tuple(found)


def _end_of_block(text: str, position: int) -> int:
    depth = 1
    while depth:
        mark = _BLOCK.search(text, position)
        if mark is None:
            return len(text)
        depth += 1 if mark[0] == "/*" else -1
        position = mark.end()
    return position


def _spelled(kind: str | None, token: str) -> str:
    if kind == "word":
        return token.lower()
    plain = token.strip('"')
    return plain if kind == "name" and re.fullmatch(r"[a-z_][a-z0-9_]*", plain) else token


def _joined(words: list[str]) -> str:
    return re.sub(r"(?<=[\w\"]) ?\. ?(?=[\w\"])", ".", " ".join(words)) if "." in words else " ".join(words)


_NAME = r"(?:\w+|\"[^\"]*\")(?:\.(?:\w+|\"[^\"]*\"))*"
_TABLE = re.compile(
    rf"alter (?:foreign )?table (?:if exists )?(?:only )?(?P<table>{_NAME})(?: \*)? (?P<rest>.*)", re.DOTALL
)
_CREATE = re.compile(
    rf"create (?:or replace )?(?:(?:global|local) )?(?:temp(?:orary)? )?(?:unlogged )?(?:recursive )?"
    rf"(?P<kind>table|view|materialized view|type|domain|function|procedure|schema|sequence|extension|trigger)"
    rf" (?:if not exists )?(?P<name>{_NAME})"
)
_INDEX = re.compile(
    rf"create (?P<unique>unique )?index (?:concurrently )?(?:if not exists )?(?:(?P<name>(?!on ){_NAME}) )?"
    rf"on (?:only )?(?P<table>{_NAME})"
)
_DROP = re.compile(
    rf"drop (?P<kind>table|view|materialized view|type|domain|function|procedure|schema|sequence|extension|trigger"
    rf"|index) (?:concurrently )?(?:if exists )?(?P<name>{_NAME})"
)
_RENAME = re.compile(
    rf"alter (?P<kind>view|type|index|sequence|function|schema) (?:if exists )?(?P<name>{_NAME}).* rename (?P<rest>.*)"
)
_ENUM = re.compile(rf"alter type (?P<name>{_NAME}) add value (?:if not exists )?(?P<value>'(?:[^']|'')*')")
_WRITE = re.compile(
    rf"(?:with .*? )?(?P<verb>update|delete from|insert into|merge into) (?:only )?(?P<table>{_NAME})", re.DOTALL
)
_VAGUE = rf"(?:{_NAME} is (?:not )?(?:null|distinct from [^ ]+)|true)"
_BOUNDLESS = re.compile(rf"{_VAGUE}(?: and {_VAGUE})*")


def steps(statement: Statement) -> list[Step]:
    """What a statement does. Nothing for what changes neither the shape nor the data: COMMENT, GRANT, SET."""
    text, line = statement.text, statement.line
    if match := _TABLE.match(text):
        table = _short(match["table"])
        return [step for part in _parts(match["rest"]) for step in _altered(table, part, line)]
    if match := _INDEX.match(text):
        table = _short(match["table"])
        if match["unique"]:
            return [Step(Phase.CONTRACT, table, "", f"makes rows of {table} unique by an index", line)]
        return [Step(Phase.EXPAND, table, "", f"adds index {_short(match['name'] or 'unnamed')} of {table}", line)]
    if match := _CREATE.match(text):
        name = _short(match["name"])
        return [Step(Phase.EXPAND, name, "", f"adds {match['kind']} {name}", line)]
    if match := _DROP.match(text):
        name = _short(match["name"])
        return [Step(Phase.CONTRACT, name, "", f"drops {match['kind']} {name}", line)]
    if match := _ENUM.match(text):
        return [Step(Phase.EXPAND, _short(match["name"]), "", f"adds value {match['value']} to {match['name']}", line)]
    if match := _RENAME.match(text):
        name = _short(match["name"])
        return [Step(Phase.CONTRACT, name, "", f"renames {match['kind']} {name} {match['rest']}", line)]
    if match := _WRITE.match(text):
        return [_backfill(text, match["verb"], _short(match["table"]), line)]
    if match := re.match(rf"truncate (?:table )?(?:only )?(?P<name>{_NAME})", text):
        return [Step(Phase.CONTRACT, _short(match["name"]), "", f"empties table {_short(match['name'])}", line)]
    return []


def _backfill(text: str, verb: str, table: str, line: int) -> Step:
    condition = text.rpartition(" where ")[2] if " where " in text else ""
    changes_rows = verb in ("update", "delete from")
    whole = changes_rows and (not condition or _BOUNDLESS.fullmatch(condition) is not None)
    words = {
        "update": "updates rows of",
        "delete from": "deletes rows of",
        "insert into": "fills",
        "merge into": "fills",
    }
    return Step(Phase.BACKFILL, table, "", f"{words[verb]} {table}", line, whole)


def _altered(table: str, part: str, line: int) -> list[Step]:
    """One subcommand of ALTER TABLE."""

    def step(phase: Phase, what: str, column: str = "") -> list[Step]:
        return [Step(phase, table, column, what, line)]

    if match := re.match(
        rf"add (?:column (?:if not exists )?)?(?!constraint |primary |unique |foreign |check |exclude )({_NAME}) (.*)",
        part,
        re.DOTALL,
    ):
        column, rest = match[1], match[2]
        required = " not null" in f" {rest}" and " default " not in f" {rest}" and " generated " not in f" {rest}"
        required = required and "serial" not in rest.split(" ", 1)[0]
        phase = Phase.CONTRACT if required else Phase.EXPAND
        return step(phase, f"adds {'required ' if required else ''}column {table}.{column}", column)
    if match := re.match(rf"drop (?:column )?(?:if exists )?(?!constraint )({_NAME})", part):
        return step(Phase.CONTRACT, f"drops column {table}.{match[1]}", match[1])
    if match := re.match(rf"alter (?:column )?({_NAME}) (.*)", part, re.DOTALL):
        column, rest = match[1], match[2]
        if rest.startswith("set not null"):
            return step(Phase.CONTRACT, f"makes column {table}.{column} required", column)
        if rest.startswith(("type ", "set data type ")):
            return step(Phase.CONTRACT, f"changes the type of column {table}.{column}", column)
        if rest.startswith(("drop not null", "set default", "add generated")):
            return step(Phase.EXPAND, f"lets column {table}.{column} be left out", column)
        if rest.startswith(("drop default", "drop identity")):
            return step(Phase.CONTRACT, f"takes the default of column {table}.{column}", column)
        return []
    if part.startswith("rename"):
        column = (re.match(rf"rename (?:column )?({_NAME}) to", part) or ["", ""])[1]
        thing = f"column {table}.{column}" if column else f"table {table}"
        return step(Phase.CONTRACT, f"renames {thing} {part[part.find(' to ') + 1 :]}", column)
    if match := re.match(rf"validate constraint ({_NAME})", part):
        return step(Phase.VERIFY, f"verifies constraint {match[1]} of {table}")
    if match := re.match(rf"drop constraint (?:if exists )?({_NAME})", part):
        return step(Phase.EXPAND, f"drops constraint {match[1]} of {table}")
    if match := re.match(rf"add (?:constraint ({_NAME}) )?", part):
        later = part.endswith(" not valid")
        name = match[1] or "unnamed"
        return step(
            Phase.EXPAND if later else Phase.CONTRACT, f"adds constraint {name} to {table}{' for new rows' * later}"
        )
    return []


def _parts(text: str) -> list[str]:
    """The subcommands between commas that stand in no parentheses."""
    parts: list[str] = []
    words: list[str] = []
    depth = 0
    for word in text.split(" "):
        depth += (word == "(") - (word == ")")
        if word == "," and depth == 0:
            parts.append(" ".join(words))
            words = []
        else:
            words.append(word)
    return [*parts, " ".join(words)]


def _short(name: str) -> str:
    return name.removeprefix("public.")


def tables(statements: tuple[Statement, ...], kind: str = "create") -> set[str]:
    """The tables that these statements create."""
    found = set()
    for statement in statements:
        match = _CREATE.match(statement.text)
        if match and match["kind"] == "table":
            found.add(_short(match["name"]))
    return found
