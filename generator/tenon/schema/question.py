"""Questions about schemas: documents, handles into them, and the engine that a pair of documents shares."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from tenon.schema.budget import Budget, Exceeded
from tenon.schema.dialect import DIALECTS
from tenon.schema.documents import Place, Resources, at_pointer
from tenon.schema.nodes import Graph, Node
from tenon.schema.normal import normal_form
from tenon.schema.portable import JUDGED_AS, portable
from tenon.schema.replay import Judges
from tenon.schema.solve import Solver
from tenon.schema.terms import Term, Terms
from tenon.schema.translate import Translator
from tenon.schema.values import plain
from tenon.schema.verdict import Proved, Refuted, Unproven, Verdict

T = TypeVar("T")
Formats: TypeAlias = Literal["annotation", "assert"]

_DEPTH = 6_000  # frames of a question: enough for every real document, and within the stack of a thread
DEFAULT_STEPS = 200_000  # about a second
_TRIES = 6  # examples that are offered to the validators


class Document:
    """A JSON value that holds schemas of one dialect; `at` gives handles to them.

    `formats` is the policy for `format`: an annotation that constrains nothing (the default), or asserted.
    """

    def __init__(self, value: Any, dialect: str, formats: Formats = "annotation") -> None:
        self.value = value
        self.dialect = dialect
        self.asserted = formats == "assert"
        self._handles: dict[str, Schema] = {}
        self._engines: WeakKeyDictionary[Document, Engine] = WeakKeyDictionary()

    @functools.cached_property
    def resources(self) -> Resources:
        if self.dialect not in DIALECTS:
            raise Exceeded(f"{self.dialect} is not a dialect: {', '.join(DIALECTS)}")
        return Resources(self.value, DIALECTS[self.dialect])

    @functools.cached_property
    def graph(self) -> Graph:
        return Graph(self.resources, self.asserted)

    def at(self, pointer: str = "") -> Schema:
        """The schema at a JSON pointer of the document; whether there is one shows when it is asked about."""
        known = self._handles.get(pointer)
        if known is None:
            known = self._handles[pointer] = Schema(self, pointer)
        return known


class Schema:
    """A handle to one schema of a document."""

    def __init__(self, document: Document, pointer: str) -> None:
        self.document = document
        self.pointer = pointer

    @functools.cached_property
    def place(self) -> Place:
        resources = self.document.resources
        if not self.pointer:
            return resources.place
        raw = at_pointer(resources.root, self.pointer)
        resources.scan(raw, resources.place.base)
        return resources.child(resources.place, raw)

    @functools.cached_property
    def node(self) -> Node:
        return self.document.graph.node(self.place)

    @functools.cached_property
    def judges(self) -> Judges:
        document, dialect = self.document, self.document.dialect
        if not self.pointer and JUDGED_AS[dialect] == dialect:
            judges = Judges(document.value, dialect, document.asserted)
            if judges.ready():
                return judges
        return Judges(portable(document.resources, self.place), JUDGED_AS[dialect], document.asserted)


class Engine:
    """Terms, answers and verdicts that all questions about a pair of documents share."""

    def __init__(self) -> None:
        self.terms = Terms({})
        self._nodes: dict[object, tuple[Translator, Node]] = {}
        self.solver = Solver(self.terms, self._define)
        self._translators: dict[str, Translator] = {}
        self._verdicts: dict[tuple[bytes | None, bytes | None], Verdict] = {}

    def _define(self, name: object) -> Term:
        translator, node = self._nodes[name]
        return translator.define(node)

    def term(self, schema: Schema) -> Term:
        """The set of a schema."""
        dialect = schema.document.dialect
        if dialect not in self._translators:
            self._translators[dialect] = Translator(self.terms, DIALECTS[dialect], self._nodes)
        return self._translators[dialect].term(schema.node)

    def is_subset(self, a: Schema, b: Schema, steps: int) -> Verdict:
        """Whether every value of `a` is one of `b`."""
        for schema in (a, b):
            if schema.node.wrong or (not schema.pointer and schema.document.graph.wrong):
                raise Exceeded(schema.node.wrong or schema.document.graph.wrong)
        if a.document.dialect == b.document.dialect and a.node.digest == b.node.digest and a.node.never == b.node.never:
            return Proved()
        key = (b"!" if a.node.never else a.node.digest, b"!" if b.node.never else b.node.digest)
        known = self._verdicts.get(key)
        if known is None:
            known = self._verdicts[key] = self._decide(a, b, steps)
        return known

    def _decide(self, a: Schema, b: Schema, steps: int) -> Verdict:
        graphs = (a.document.graph, b.document.graph)
        if a.document.dialect == "draft4" and any(g.integers for g in graphs) and any(g.whole_floats for g in graphs):
            raise Exceeded("type: validators of draft 4 differ on whether 1.0 is an integer")
        left = self.terms.all_of([self.term(a), self.terms.complement(self.term(b))])
        for wanted in (1, _TRIES):
            self.solver.restart(Budget(steps))
            found = self.solver.members(left, wanted)
            if not found:
                return Proved()
            doubt = Exceeded("validators disagree on the witness")
            for value in found:
                try:
                    witness = plain(value)
                    if a.judges.accept(witness) and not b.judges.accept(witness):
                        return Refuted(witness, *b.judges.refusal(witness))
                except Exceeded as exceeded:
                    doubt = exceeded
            if len(found) < wanted:
                break
        raise doubt


def normalised(schema: Schema) -> Any:
    """The normal form of a schema, or an `Unproven` with the reason why it has none."""

    def ask() -> Any:
        node, graph = schema.node, schema.document.graph
        if node.wrong or graph.wrong:
            raise Exceeded(node.wrong or graph.wrong)
        return normal_form(node, schema.document.resources.dialect)

    return guarded(ask)


def answer(a: Schema, b: Schema, steps: int = DEFAULT_STEPS) -> Verdict:
    """`a` within `b`, with every failure turned into its reason."""
    verdict = guarded(lambda: _engine(a.document, b.document).is_subset(a, b, steps))
    if "openapi3.0" in (a.document.dialect, b.document.dialect):
        note = "OpenAPI 3.0 was translated to draft 7"
        match verdict:
            case Proved():
                return Proved(note)
            case Unproven(reason):
                return Unproven(reason, note)
            case Refuted():
                return Refuted(verdict.witness, verdict.path, verdict.keyword, verdict.schema_path, note)
    return verdict


def guarded(ask: Callable[[], T]) -> T | Unproven:
    """Ask, within bounds; raises nothing."""
    try:
        with _deep():
            return ask()
    except Exceeded as exceeded:
        return Unproven(exceeded.reason)
    except RecursionError:
        return Unproven("the schema is nested too deeply")


def _engine(one: Document, other: Document) -> Engine:
    engine = one._engines.get(other)
    if engine is None:
        engine = one._engines[other] = other._engines[one] = Engine()
    return engine


@contextlib.contextmanager
def _deep() -> Iterator[None]:
    """Room for recursion as deep as schemas are."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
