"""Templates: no logic but loops and conditions, nothing undefined, and text only through a filter of `lang`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tenon.lang.python import FILTERS


def _final(value: Any) -> Any:
    """Refuse values that a template would print as Python's own repr by accident (None, a list)."""
    if value is None or isinstance(value, (list, dict, tuple, set)):
        raise TypeError(f"a template printed {type(value).__name__}; use a filter")
    return value


@cache
def template(package: str, name: str) -> Template:
    """The template `name` in folder ``templates`` beside an emitter's ``__init__.py`` (its `__file__`)."""
    environment = Environment(
        loader=FileSystemLoader(Path(package).with_name("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the output is source, not HTML: `lang` escapes it
        finalize=_final,
    )
    environment.filters.update(FILTERS)
    return environment.get_template(name)
