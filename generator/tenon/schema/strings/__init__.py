"""Regular sets of strings: what `pattern`, `enum`, `minLength` and property names mean."""

from __future__ import annotations

from tenon.schema.strings.formats import format_language
from tenon.schema.strings.language import Language

__all__ = ["Language", "format_language"]
