"""What an emitter returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written.

    `path` is relative to the output root with ``/`` and is made of accepted identifiers only; `source` is the
    reference of what it was made from (`Location.ref`), for provenance. With `once` the file is a scaffold: written
    when it does not exist, never touched again.
    """

    path: str
    text: str
    source: str
    once: bool = False
