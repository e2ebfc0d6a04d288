"""The contract graph as frozen dataclasses. It knows no language and no wire format's spelling."""

from __future__ import annotations

from dataclasses import dataclass

from tenon.model.catalog import Component
from tenon.model.events import EventDocument
from tenon.model.proto import Protobuf
from tenon.model.rest import Document
from tenon.model.text import Text

__all__ = ["Contracts", "Text"]


NOTHING = Protobuf()


@dataclass(frozen=True, slots=True)
class Contracts:
    """All that was read, before anything was resolved across files: one field a reader, by the reader's name."""

    root: str
    """The contracts folder as findings name it: ``contracts``."""
    protobuf: Protobuf = NOTHING
    openapi: tuple[Document, ...] = ()
    asyncapi: tuple[EventDocument, ...] = ()
    catalog: tuple[Component, ...] = ()
