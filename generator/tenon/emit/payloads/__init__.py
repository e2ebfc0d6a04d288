"""The JSON payloads of a package's events: ``payloads.py``, and ``asyncapi.json``, which the runtime judges them by."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from tenon.emit.templating import template
from tenon.file import File
from tenon.lang import naming
from tenon.lang.json_types import JsonTypes, typing_imports
from tenon.lang.python import module_path
from tenon.model.events import EventDocument
from tenon.model.graph import Model


def emit(model: Model) -> Iterator[File]:
    """``asyncapi.json`` for every package with an AsyncAPI document, ``payloads.py`` where payloads are JSON."""
    for package in model.packages:
        document = package.event_document
        if document is None:
            continue
        folder, source = module_path(package.name), document.at.file
        if names := naming.payload_types(document):
            yield File(f"{folder}/payloads.py", _module(package.name, document, names), source)
        bundled = orjson.dumps(document.bundled, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        yield File(f"{folder}/asyncapi.json", bundled.decode(), source)


def _module(package: str, document: EventDocument, names: dict[str, str]) -> str:
    types = JsonTypes({name.raw: schema.value for name, schema in document.schemas}, set(names.values()))
    messages = {message.pointer: message for channel in document.channels for message in channel.messages}
    for pointer, name in names.items():
        schema = messages[pointer].schema
        types.declare(name, schema.value if schema is not None else True)
    declarations = types.declarations()
    return template(__file__, "payloads.py.jinja").render(
        package=package, imports=typing_imports(declarations), declarations=declarations
    )
