"""Definitions that contracts may import without holding a copy: they come with an installed package.

`buf/validate/validate.proto` is in the `protovalidate` wheel as a descriptor only, and third-party source is not
copied into repositories, so its text is printed from there, into the build cache or the compiler's scratch folder.
"""

from __future__ import annotations

import re
from importlib.metadata import version

from tenon.lang.protobuf_python import FIELD_RULES

FOLDER = "protobuf"
"""What the folder is called that is a module of its own."""
_IMPORT = re.compile(rb"""\bimport\s+(?:public\s+|weak\s+)?["']""" + FIELD_RULES.encode() + rb"""["']""")


def imported(content: bytes) -> bool:
    """Whether the .proto file `content` seems to import the definitions of field rules."""
    return _IMPORT.search(content) is not None


def stamp() -> str:
    """The first line of `text`: which package it was printed from."""
    return f"// Printed from the descriptor in protovalidate {version('protovalidate')}; built, not committed.\n"


def text() -> str:
    """The source of `FIELD_RULES`."""
    from protovalidate._gen.buf.validate import validate_pb  # 0.05 s: only for contracts that import it

    from tenon.lang.protobuf_source import source

    return stamp() + source(validate_pb.desc())
