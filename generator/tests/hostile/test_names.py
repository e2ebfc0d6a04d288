"""Names that every compiler accepts and that mean something in Python, to the runtime or to what is generated."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.tests.hostile.harness import imported, run
from generator.tests.hostile.payloads import WORDS

ROOT = Path(__file__).parents[3]
_BOTH = "message In { string a = 1; }\nmessage Out { string a = 1; }\n"


def _file(package: str, body: str) -> str:
    return f'syntax = "proto3";\npackage {package};\n{body}\n'


def _messages() -> dict[str, str]:
    """Each word a message, and each the type of a field, of a request and of an answer."""
    body = "".join(f"message {word} {{ string a = 1; repeated .messages.v1.{word} more = 2; }}\n" for word in WORDS)
    uses = "".join(
        f"rpc Get{i}(.messages.v1.{word}) returns (stream .messages.v1.{word});\n" for i, word in enumerate(WORDS)
    )
    fields = "".join(f".messages.v1.{word} f{i} = {i};\n" for i, word in enumerate(WORDS, 1))
    return {"messages.proto": _file("messages.v1", f"{body}service All {{ {uses} }}\nmessage Uses {{ {fields} }}")}


def _nested() -> dict[str, str]:
    body = "".join(
        f"message M{i} {{ message {word} {{ string a = 1; }} {word} f = 1; map<string, {word}> m = 2; }}\n"
        for i, word in enumerate(WORDS)
    )
    return {"nested.proto": _file("nested.v1", body)}


def _fields() -> dict[str, str]:
    body = "".join(
        f"message F{i} {{ string {word} = 1; }} message O{i} {{ oneof {word} {{ string a = 1; In b = 2; }} }}\n"
        f"message D{i} {{ string {word} = 1 [deprecated = true]; optional int32 other = 2; }}\n"
        for i, word in enumerate(WORDS)
    )
    return {"fields.proto": _file("fields.v1", body + _BOTH)}


def _enums() -> dict[str, str]:
    body = "".join(
        f"message T{i} {{ enum {word} {{ A{i} = 0; }} {word} f = 1; }}\n"
        f"message V{i} {{ enum E {{ {word} = 0; }} E f = 1; }}\n"
        for i, word in enumerate(WORDS)
    )
    return {"enums.proto": _file("enums.v1", body)}


def _services() -> dict[str, str]:
    body = "".join(f"service {word} {{ rpc Get(In) returns (Out); }}\n" for word in WORDS)
    return {"services.proto": _file("services.v1", _BOTH + body)}


def _methods() -> dict[str, str]:
    """Each in a service of its own: some would be one attribute in a common one."""
    body = "".join(
        f"service S{i} {{ rpc {word}(In) returns (Out); rpc Other(stream In) returns (stream Out); }}\n"
        for i, word in enumerate(WORDS)
    )
    return {"methods.proto": _file("methods.v1", _BOTH + body)}


def _packages() -> dict[str, str]:
    serving = _BOTH + "service S { rpc Get(In) returns (Out); }"
    words = _apart()
    return {
        **{f"first{i}.proto": _file(f"{word}.v1", serving if i % 8 == 0 else _BOTH) for i, word in enumerate(words)},
        **{f"last{i}.proto": _file(f"p.{word}", _BOTH) for i, word in enumerate(words)},
    }


def _files() -> dict[str, str]:
    return {
        **{f"{word}.proto": _file("one.v1", f"message M{i} {{}}") for i, word in enumerate(_apart())},
        **{f"in/{word}/x.proto": _file("two.v1", f"message M{i} {{}}") for i, word in enumerate(_apart())},
    }


def _apart() -> list[str]:
    """The words that are not one on a file system that does not tell capitals apart."""
    return list({word.casefold(): word for word in WORDS}.values())


PLACES: dict[str, Callable[[], dict[str, str]]] = {
    "message": _messages,
    "nested": _nested,
    "field": _fields,
    "enum": _enums,
    "service": _services,
    "method": _methods,
    "package": _packages,
    "file": _files,
}


@pytest.mark.parametrize("place", PLACES)
def test_words_are_only_names(tmp_path: Path, place: str) -> None:
    result = run(tmp_path, PLACES[place]())
    assert not result.findings
    imported([result.import_root], tmp_path / "canary")


_PLUGIN = ("annotations", "int")
"""What the message plugin leaves to a type checker: `from __future__ import annotations` beside a message of that name,
and a deprecated field `int` that hides the type from those after it. Both run."""


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_words_are_only_names_to_a_type_checker(tmp_path: Path, place: str) -> None:
    result = run(tmp_path, PLACES[place]())
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(ROOT / ".tenon" / "mypy"),
         "api"],
        cwd=result.import_root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines() + done.stderr.splitlines()
    assert not [line for line in lines if "error" in line and not any(f'"{word}"' in line for word in _PLUGIN)
                and ".int" not in line]  # fmt: skip
