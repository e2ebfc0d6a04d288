"""Is this value in that set? The plain reading of every fact, to sort names and to doubt our own examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenon.schema.budget import Exceeded
from tenon.schema.facts import (
    AtLeast,
    AtMost,
    CountFrom,
    Distinct,
    Fact,
    HasFormat,
    ItemAt,
    ItemsFrom,
    Matches,
    Multiple,
    NoneOf,
    OneOf,
    Properties,
    Size,
    SomeItemAt,
    SomeProperty,
    WrittenInteger,
)
from tenon.schema.strings import format_language
from tenon.schema.terms import AllOf, AnyOf, Claim, Kinds, Named, Term
from tenon.schema.values import Value, key, type_of

if TYPE_CHECKING:
    from tenon.schema.solve import Solver


def contains(solver: Solver, term: Term, value: Value) -> bool:
    """Whether an exact value is in the set; raises `Exceeded` where an expression or format has no exact set."""
    return _contains(solver, term, value, type_of(value))


def _contains(solver: Solver, term: Term, value: Value, of: int) -> bool:
    solver.budget.spend()
    match term:
        case Kinds():
            return bool(term.types & of)
        case Named():
            return _contains(solver, solver.unfold(term), value, of)
        case AllOf():
            return all(_contains(solver, part, value, of) for part in term.parts)
        case AnyOf():
            return any(_contains(solver, part, value, of) for part in term.parts)
        case Claim():
            return _true(solver, term.fact, value) if term.of == of else not term.strict
    raise AssertionError(term)


def _true(solver: Solver, fact: Fact, value: Value) -> bool:
    match fact:
        case OneOf(values):
            return value in values
        case NoneOf(values):
            return value not in values
        case AtLeast(bound, open):
            return bool(value > bound or (value == bound and not open))
        case AtMost(bound, open):
            return bool(value < bound or (value == bound and not open))
        case Multiple(step, holds):
            return (value % step == 0) is holds
        case WrittenInteger(holds):
            return (value % 1 == 0) is holds
        case Size(low, high):
            return low <= len(value) and (high is None or len(value) <= high)
        case Matches(regex, holds):
            return solver.language(regex).contains(value, solver.budget) is holds
        case HasFormat(name, holds):
            language = format_language(name)
            if language is None:
                raise Exceeded(f"format: {name} has no exact set here")
            return language.contains(value, solver.budget) is holds
        case ItemAt(index, term):
            return len(value) <= index or contains(solver, term, value[index])
        case SomeItemAt(index, term):
            return len(value) > index and contains(solver, term, value[index])
        case ItemsFrom(start, term):
            return all(contains(solver, term, item) for item in value[start:])
        case CountFrom(start, term, low, high):
            count = sum([contains(solver, term, item) for item in value[start:]])
            return low <= count and (high is None or count <= high)
        case Distinct(holds):
            return (len({key(item) for item in value}) == len(value)) is holds
        case Properties(names, term):
            return all(contains(solver, term, item) for name, item in value.items() if solver.is_name_in(name, names))
        case SomeProperty(names, term):
            return any(contains(solver, term, item) for name, item in value.items() if solver.is_name_in(name, names))
