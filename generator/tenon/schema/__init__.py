"""JSON Schema as sets: is every value of one schema a value of another, and if not, which is not?

    >>> is_subset({"type": "integer", "minimum": 1}, {"exclusiveMinimum": 0}, dialect="draft7")
    Proved(note='')
    >>> is_subset({"type": "number"}, {"minimum": 0}, dialect="draft7").witness
    -1

Dialects: draft4, draft6, draft7, draft2019-09, draft2020-12, openapi3.0 (translated first, and the answer says so).
`Proved` and `Refuted` are never guesses: a witness is replayed in two independent validators, and what cannot be
decided within the budget is `Unproven`, with the keyword that stands in the way. No JSON value makes these functions
raise. `$ref` is resolved within each root; the published metaschemas are known, nothing else is fetched.

Many questions about two documents are cheap through handles: `Document(value, dialect).at(pointer)` stands for one
schema of a document, and all questions about one pair of documents share what was found out.
"""

from __future__ import annotations

from typing import Any

from tenon.schema.question import DEFAULT_STEPS, Document, Formats, Schema, answer, normalised
from tenon.schema.verdict import Proved, Refuted, Unproven, Verdict

__all__ = [
    "Document",
    "Proved",
    "Refuted",
    "Schema",
    "Unproven",
    "Verdict",
    "equivalent",
    "is_empty",
    "is_subset",
    "normalise",
    "witness",
]

DEFAULT_DIALECT = "draft2020-12"


def is_subset(
    a: Any, b: Any, *, dialect: str = DEFAULT_DIALECT, formats: Formats = "annotation", budget: int = DEFAULT_STEPS
) -> Verdict:
    """Whether every JSON value that is valid under `a` is valid under `b`.

    Both are schemas (JSON values) of `dialect`, or handles of a `Document`, which know their own. `formats` says
    whether `format` constrains, `budget` how many steps the question may take (the default is about a second).
    """
    return answer(_schema(a, dialect, formats), _schema(b, dialect, formats), budget)


def equivalent(
    a: Any, b: Any, *, dialect: str = DEFAULT_DIALECT, formats: Formats = "annotation", budget: int = DEFAULT_STEPS
) -> Verdict:
    """Whether both accept the same values; a witness is valid under exactly one of them."""
    one, other = _schema(a, dialect, formats), _schema(b, dialect, formats)
    there, back = answer(one, other, budget), answer(other, one, budget)
    if isinstance(there, Refuted) or isinstance(back, Proved):
        return there
    return back


def is_empty(
    a: Any, *, dialect: str = DEFAULT_DIALECT, formats: Formats = "annotation", budget: int = DEFAULT_STEPS
) -> Verdict:
    """Whether no JSON value is valid under `a`; the witness of a refutation is a valid value."""
    one = _schema(a, dialect, formats)
    nothing = Document({"not": {}}, one.document.dialect, formats).at()
    return answer(one, nothing, budget)


def normalise(a: Any, *, dialect: str = DEFAULT_DIALECT) -> Any:
    """`a` in its normal form: equal for schemas that differ only in annotations, order, names and places.

    Annotations and keywords that say nothing are dropped, references lead to definitions named by their content.
    An `Unproven` says why `a` has none: it is no schema of the dialect.
    """
    return normalised(_schema(a, dialect, "assert"))


def witness(
    a: Any, b: Any, *, dialect: str = DEFAULT_DIALECT, formats: Formats = "annotation", budget: int = DEFAULT_STEPS
) -> Any:
    """A value that is valid under `a` and not under `b`, or None where there is none or none is known."""
    verdict = is_subset(a, b, dialect=dialect, formats=formats, budget=budget)
    return verdict.witness if isinstance(verdict, Refuted) else None


def _schema(value: Any, dialect: str, formats: Formats) -> Schema:
    return value if isinstance(value, Schema) else Document(value, dialect, formats).at()
