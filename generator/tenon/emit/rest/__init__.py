"""The REST face of a package: ``types.py``, ``rest.py`` and the document that the runtime serves, ``openapi.json``."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from tenon.emit.rest.view import view
from tenon.emit.templating import template
from tenon.file import File
from tenon.lang.json_types import typing_imports
from tenon.lang.python import module_name, module_path
from tenon.model.graph import Model


def emit(model: Model) -> Iterator[File]:
    """Three files for every package with an OpenAPI document."""
    types, rest = template(__file__, "types.py.jinja"), template(__file__, "rest.py.jinja")
    for package in model.packages:
        if package.document is None:
            continue
        shown = view(package)
        folder, source = module_path(package.name), package.document.at.file
        direct = [operation for operation in shown.operations if operation.request]
        text = types.render(
            package=package.name,
            imports=typing_imports(shown.declarations),
            declarations=shown.declarations,
        )
        yield File(f"{folder}/types.py", text, source)
        if shown.operations:
            text = rest.render(
                package=package.name,
                module=module_name(package.name),
                handlers=shown.handlers,
                operations=shown.operations,
                direct=direct,
                bindings=any("Binding(" in operation.spec for operation in shown.operations),
                slos=any("Slo(" in operation.spec for operation in shown.operations),
                any=any("Any" in part for o in direct for part in (o.answer, *(a.type for a in o.arguments))),
                literals=any("Literal[" in part for o in direct for part in (o.answer, *(a.type for a in o.arguments))),
                typed=any("types." in part for o in direct for part in (o.answer, *(a.type for a in o.arguments))),
            )
            yield File(f"{folder}/rest.py", text, source)
        document = orjson.dumps(package.document.bundled, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        yield File(f"{folder}/openapi.json", document.decode(), source)
