"""Runs betterproto2's compiler as a protoc plugin, with one formatter process for all files instead of two a file, and
with imports in an order of their own instead of a set's."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
from betterproto2_compiler.lib.google.protobuf.compiler import CodeGeneratorRequest
from betterproto2_compiler.plugin import compiler, parser


def main() -> None:
    """A CodeGeneratorRequest on stdin, a CodeGeneratorResponse on stdout."""
    request = CodeGeneratorRequest.parse(sys.stdin.buffer.read())
    vars(compiler).update(subprocess=_Unformatted, jinja2=_Templates)
    vars(parser)["outputfile_compiler"] = _ordered
    response = parser.generate_code(request)
    with tempfile.TemporaryDirectory() as scratch:
        places = {Path(scratch, f"{number}.py"): file for number, file in enumerate(response.file)}
        for place, file in places.items():
            place.write_text(file.content, "utf-8")
        ruff = Path(sys.executable).with_name("ruff")
        subprocess.run(
            [str(ruff) if ruff.exists() else "ruff", "check", "--isolated", "--no-cache", "--quiet", "--fix",
             "--exit-zero", "--select", "F401,TC005,RUF022", scratch],
            check=True,
        )  # fmt: skip
        for place, file in places.items():
            file.content = place.read_text("utf-8")
    sys.stdout.buffer.write(bytes(response))


class _Ordered(set[str]):
    """A set that is always read in the same order."""

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(super().__iter__()))


def _ordered(output_file: Any) -> str:
    output_file.imports_end = _Ordered(output_file.imports_end)
    return compiler.outputfile_compiler(output_file=output_file)


class _Templates:
    """What the compiler uses of `jinja2`, with one environment for all files: templates are compiled once."""

    FileSystemLoader = jinja2.FileSystemLoader
    StrictUndefined = jinja2.StrictUndefined
    _environment: jinja2.Environment | None = None

    @classmethod
    def Environment(cls, **options: Any) -> jinja2.Environment:
        cls._environment = cls._environment or jinja2.Environment(**options)
        return cls._environment


class _Unformatted:
    """What the compiler uses of `subprocess`, without the formatter: we format all output at once."""

    CalledProcessError = subprocess.CalledProcessError

    @staticmethod
    def check_output(command: list[str], *, input: str, encoding: str) -> Any:
        return input


if __name__ == "__main__":
    main()
