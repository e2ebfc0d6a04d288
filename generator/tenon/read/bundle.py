"""Many files into one document: a copy in which every reference is local and every schema is draft 2020-12.

A `Grammar` says which objects of a document stand where; the copy walks it, so that data (an example, a default, an
extension) is never taken for a reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenon.finding import Finding, Severity
from tenon.read.document import Node, escape
from tenon.read.refs import References, local, reference
from tenon.read.schema import Patterns, lift


@dataclass(frozen=True, slots=True)
class One:
    """A child of this kind."""

    kind: str


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping from names to children of this kind; with `extended`, names in ``x-`` are extensions."""

    kind: str
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list of children of this kind."""

    kind: str


Step = One | Map | Items


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object. `section` is the component section that a referenced one moves to; with `inline` the
    reference is replaced by what it names; with neither the object cannot be a reference. `every` is the step for keys
    that `fields` does not list and that are no extensions."""

    fields: Mapping[str, Step]
    section: str | None = None
    inline: bool = False
    every: One | None = None


Grammar = Mapping[str, Kind]

_SCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCHEMA_MAPS = ("properties", "patternProperties", "dependentSchemas")
_SCHEMAS = (
    "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "additionalItems", "not", "if", "then",
    "else", "contains", "propertyNames", "contentSchema", "items",
)  # fmt: skip
SCHEMA = Kind(
    {
        **{key: One("schema") for key in _SCHEMAS},
        **{key: Map("schema") for key in _SCHEMA_MAPS},
        **{key: Items("schema") for key in _SCHEMA_LISTS},
    },
    section="schemas",
)
_COMPONENT = "/components/schemas/"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
MAX_INLINED = 16
"""References to path items inside what such references name."""
_SPARE = 500_000
"""Values that a bundle may have beside twice those of its files."""
_UNREACHED = ("$defs", "definitions")
"""What only references reach: each moves to the components when it is referred to."""


class TooLarge(Exception):
    """References would make the document many times as large as the files it is made of."""


@dataclass
class Bundler:
    """Copies one document. `origins` says where each copied object came from, by its `id`; `components` holds what
    references have brought in, by section and name. `copy` and `finish` raise TooLarge."""

    references: References
    grammar: Grammar
    root: Node
    v30: bool
    findings: list[Finding]
    origins: dict[int, Node] = field(default_factory=dict)
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    _names: dict[tuple[str, str, str], str] = field(default_factory=dict)
    _waiting: list[tuple[str, str, Node, str]] = field(default_factory=list)
    _inlining: list[tuple[str, str]] = field(default_factory=list)
    _patterns: Patterns = field(default_factory=Patterns)
    _room: int = _SPARE
    _allowed: int = 0

    def own_components(self, node: Node | None) -> None:
        """Claim the names of the document's own components; one that only refers elsewhere gives its name to that."""
        for section, kind in sorted((k.section, name) for name, k in self.grammar.items() if k.section):
            entries = node.get(section) if node else None
            if entries is None or not isinstance(entries.value, dict):
                continue
            own = self.components.setdefault(section, {})
            named = sorted(entries.children(), key=lambda pair: _NAME.fullmatch(str(pair[0])) is None)
            for key, entry in named:  # names that may stand as they are come first
                name = self._free(str(key), section)
                own[name] = None
                self._names[(section, entry.source.file, entry.pointer)] = name
            for _, entry in entries.children():
                name = self._names[(section, entry.source.file, entry.pointer)]
                target = entry
                if reference(entry) is not None and (self.v30 or len(entry.value) == 1):
                    found = self.references.follow(entry, siblings=not self.v30)
                    if found is None:
                        continue
                    place = (section, found.source.file, found.pointer)
                    if place not in self._names:
                        self._names[place] = name
                        target = found
                self._waiting.append((section, name, target, kind))

    def finish(self) -> None:
        """Copy everything that was referred to, until nothing new is."""
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for section, name, node, kind in waiting:
                self.components.setdefault(section, {})[name] = self.copy(node, kind)
        for section, entries in self.components.items():
            self.components[section] = {name: value for name, value in entries.items() if value is not None}

    def copy(self, node: Node, kind_name: str) -> Any:
        """The object at `node`, as the bundled document has it."""
        kind = self.grammar[kind_name]
        if kind_name == "schema" and isinstance(node.value, bool):
            return node.value
        if not isinstance(node.value, dict):
            self._shape(node, kind_name, "an object")
            return {}
        ref = reference(node)
        if ref is not None and kind.section:
            return self._reference(node, kind_name, kind.section)
        if ref is None or not kind.inline:
            return self._object(node, kind_name, kind)
        out = self._inline(node, lambda target: self.copy(target, kind_name))
        for key, child in node.children():
            if key != "$ref":
                step = kind.fields.get(str(key))
                out[str(key)] = self._step(child, step) if step else child.value
        self.origins[id(out)] = node
        return out

    def _object(self, node: Node, kind_name: str, kind: Kind) -> Any:
        out: dict[str, Any] = {}
        schema = kind_name == "schema"
        for key, child in node.children():
            assert isinstance(key, str)
            step = kind.fields.get(key)
            if step is None and kind.every is not None and not key.startswith("x-"):
                step = kind.every
            if step is None:
                if not (schema and key in _UNREACHED):
                    out[key] = child.value
            elif schema and key == "items" and isinstance(child.value, list):
                out[key] = [self.copy(item, "schema") for _, item in child.children()]
            elif (copied := self._step(child, step)) is not None:
                out[key] = copied
        if schema:
            out = self._schema(node, out)
        self.origins[id(out)] = node
        return out

    def _repeat(self, node: Node) -> None:
        """Count what is copied to another place: that may double what was read, not multiply it."""
        waiting = [node.value]
        while waiting:
            value = waiting.pop()
            if isinstance(value, (dict, list)):
                self._room -= len(value)
                waiting.extend(value.values() if isinstance(value, dict) else value)
                if self._room < 0:
                    allowed = 2 * self.references.size
                    self._room, self._allowed = self._room + allowed - self._allowed, allowed
                    if self._room < 0:
                        raise TooLarge

    def _step(self, node: Node, step: Step) -> Any:
        match step:
            case One(kind):
                if isinstance(node.value, (dict, bool)):
                    return self.copy(node, kind)
                self._shape(node, kind, "an object")
            case Map(kind, extended):
                if reference(node) is not None:  # not in the specification, but in public descriptions
                    return self._inline(node, lambda target: self._step(target, step) or {})
                if isinstance(node.value, dict):
                    return {
                        key: child.value if extended and str(key).startswith("x-") else self.copy(child, kind)
                        for key, child in node.children()
                    }
                self._shape(node, kind, "a mapping")
            case Items(kind):
                if isinstance(node.value, list):
                    return [self.copy(child, kind) for _, child in node.children()]
                self._shape(node, kind, "a list")
        return None

    def _schema(self, node: Node, out: dict[str, Any]) -> dict[str, Any]:
        def complain(key: str, words: str) -> None:
            at = (node.get(key) or node).at
            message = f"`{key}` {words}; it is left out or taken as what it can only mean"
            self.findings.append(Finding(at, "schema-keyword", message, "correct the schema", Severity.WARNING))

        discriminator = node.get("discriminator")
        mapping = discriminator.get("mapping") if discriminator else None
        if mapping is not None and isinstance(mapping.value, dict):
            out["discriminator"] = {**out["discriminator"], "mapping": self._mapping(mapping)}
        for dynamic in ("$dynamicRef", "$recursiveRef"):
            if isinstance(ref := out.pop(dynamic, None), str):
                message = f"`{dynamic}` is read as a plain reference"
                self.findings.append(
                    Finding(node.at, "schema-dynamic", message, "use `$ref` where it means the same", Severity.WARNING)
                )
                target = _resource(node) if ref == "#" else self.references.target(node, ref)
                if target is not None:
                    out["$ref"] = local("components", "schemas", self._name(target, "schema", "schemas"))
        return lift(out, self.v30, self._patterns, complain)

    def _mapping(self, mapping: Node) -> dict[str, Any]:
        """A discriminator's mapping with local references; bare names are names of components."""
        found: dict[str, Any] = {}
        for key, child in mapping.children():
            ref = child.value
            if not isinstance(ref, str):
                self._shape(child, "schema", "a reference")
            elif (name := self._names.get(("schemas", self.root.source.file, _COMPONENT + escape(ref)))) is not None:
                found[str(key)] = local("components", "schemas", name)
            elif (target := self.references.target(child, ref)) is not None:
                found[str(key)] = local("components", "schemas", self._name(target, "schema", "schemas"))
        return found

    def _reference(self, node: Node, kind_name: str, section: str) -> Any:
        target = self.references.follow(node, siblings=kind_name == "schema" and not self.v30)
        if target is node:  # a 3.1 schema with siblings: both hold
            found = self.references.target(node, str(reference(node)))
            target = self.references.follow(found, siblings=True) if found else None
        if target is None:
            return {}
        out: dict[str, Any] = {}
        if kind_name == "schema" and not self.v30 and len(node.value) > 1:
            out = self._object(node, kind_name, self.grammar["schema"])
        elif isinstance(node.value.get("description"), str):
            out["description"] = node.value["description"]
        out["$ref"] = local("components", section, self._name(target, kind_name, section))
        self.origins[id(out)] = node
        return out

    def _name(self, target: Node, kind_name: str, section: str) -> str:
        """The component that `target` is or becomes."""
        place = (section, target.source.file, target.pointer)
        if place not in self._names:
            self._repeat(target)
            self._names[place] = name = self._free(_wanted(target), section)
            self.components.setdefault(section, {})[name] = None
            self._waiting.append((section, name, target, kind_name))
        return self._names[place]

    def _free(self, wanted: str, section: str) -> str:
        """A component name of the characters that OpenAPI allows, so that no reference needs escaping."""
        base = name = re.sub(r"[^A-Za-z0-9._-]+", "_", wanted).strip("_") or "component"
        number = 2
        while name in self.components.get(section, {}):
            name, number = f"{base}_{number}", number + 1
        return name

    def _inline(self, node: Node, copy: Callable[[Node], Any]) -> dict[str, Any]:
        """What a reference names, copied to the place of the reference."""
        target = self.references.follow(node, siblings=False)
        if target is None:
            return {}
        place = (target.source.file, target.pointer)
        if place in self._inlining or len(self._inlining) >= MAX_INLINED:
            message = f"what is referred to here contains itself, or {MAX_INLINED} such references inside each other"
            self.findings.append(Finding(node.at, "ref-cycle", message, "break the circle of references"))
            return {}
        self._repeat(target)
        self._inlining.append(place)
        out = dict(copy(target))
        self._inlining.pop()
        return out

    def _shape(self, node: Node, kind: str, wanted: str) -> None:
        if kind in ("example", "link", "encoding") or node.value is None:
            message, severity = f"this has to be {wanted}; it is left out", Severity.WARNING
        else:
            message, severity = f"this has to be {wanted}", Severity.ERROR
        self.findings.append(Finding(node.at, "shape", message, "correct the document", severity))


def _wanted(node: Node) -> str:
    """What a referenced object is called, by the last part of its place that says something."""
    if node.parent is None:
        return node.source.file.rsplit("/", 1)[-1].split(".")[0]
    if isinstance(node.key, int) or node.key in SCHEMA.fields or node.key == "schema":
        return "_".join(node.pointer.split("/")[-3:])
    return str(node.key)


def _resource(node: Node) -> Node:
    """The schema that ``#`` means inside an embedded schema: the component, or else the outermost schema around."""
    while node.parent is not None and node.parent.parent is not None and node.parent.key != "schemas":
        node = node.parent
    return node


def pointer(*keys: str) -> str:
    """A JSON pointer from keys."""
    return "".join("/" + escape(key) for key in keys)
