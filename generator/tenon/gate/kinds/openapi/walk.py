"""OpenAPI 3.0 and 3.1: pairs of operations and of their parts, for the operations that changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.documents import canonical
from tenon.gate.json import files
from tenon.gate.json.judge import Judge
from tenon.gate.json.site import Root, Site
from tenon.gate.json.touched import Touched, stripped
from tenon.gate.kinds.openapi.operations import base_path, names, of_item, paired
from tenon.gate.kinds.openapi.pairs import (
    BodyPair,
    DocumentPair,
    HeaderPair,
    LinkPair,
    MediaTypePair,
    Operation,
    OperationPair,
    ParameterPair,
    RequestBodyPair,
    ResponsePair,
)
from tenon.gate.verdict import Stability

_MARKER = re.compile(r"""(?:^|[{,])\s*["']?(?:openapi|swagger)["']?\s*:""", re.MULTILINE)
_MAX_CALLBACKS = 4


def pair(context: Context) -> Iterator[object]:
    """Every pair of a document, an operation, or a part of one that may have changed."""
    for roots in files.pairs(context, _MARKER, names):
        sides = [root for root in (roots.old, roots.new) if root is not None]
        if all(_readable(root, context) for root in sides):
            yield from _document(roots.old, roots.new, context)


def _readable(root: Root, context: Context) -> bool:
    version = str(root.value.get("openapi", ""))
    if version.startswith(("3.0", "3.1", "3.2")):
        if version.startswith("3.0"):
            context.notes.append(f"{root.document.file} is OpenAPI {version}: its schemas were translated to 2020-12")
        return True
    if "swagger" in root.value:
        said = f"Swagger {root.value['swagger']} is not compared; convert it to OpenAPI 3"
        context.problems.append(f"{root.document.file}:1: {said}")
    elif "openapi" in root.value:
        context.problems.append(f"{root.document.file}:1: OpenAPI {version[:20]} is not known")
    return False


def _dialect(root: Root) -> str:
    if str(root.value.get("openapi")).startswith("3.0"):
        return "openapi3.0"
    return "draft7" if "draft-07" in str(root.value.get("jsonSchemaDialect", "")) else "draft2020-12"


def _document(old: Root | None, new: Root | None, context: Context) -> Iterator[object]:
    if old is None or new is None:
        document = DocumentPair(old, new, None, context.policy)
        yield document
        for root in (old, new):
            for path, item in [] if root is None else root.site.child("paths").items():
                for each in of_item(item, path):
                    yield _operation(document, each if root is old else None, each if root is new else None, context)
        return
    dialects = (_dialect(old), _dialect(new))
    touched = Touched(old, new)
    if dialects[0] != dialects[1]:
        touched.everything = True
    document = DocumentPair(
        old,
        new,
        touched,
        context.policy,
        dialects,
        judge=Judge("assert" if context.policy.formats == "assert" else "annotation"),
    )
    yield document
    moved = base_path(old) != base_path(new)
    secured = canonical(old.value.get("security")) != canonical(new.value.get("security"))
    for left, right in paired(old, new):
        context.counts["paths"] += 1
        still = left and right and left[0] == right[0] and not moved and not secured
        if still and left and right and touched.same(left[1].value, right[1].value):
            continue
        yield from _items(document, left, right, context)
    hooks = [root.site.child(key) for root in (old, new) for key in ("webhooks",)]
    yield from _hooks(document, hooks[0], hooks[1], "webhook ", "webhook", context)


def _items(
    document: DocumentPair, left: tuple[str, Site] | None, right: tuple[str, Site] | None, context: Context
) -> Iterator[object]:
    ours = {} if left is None else {each.method: each for each in of_item(left[1], left[0])}
    theirs = {} if right is None else {each.method: each for each in of_item(right[1], right[0])}
    for method in dict.fromkeys((*ours, *theirs)):
        context.counts["operations"] += 1
        found = _operation(document, ours.get(method), theirs.get(method), context)
        yield found
        yield from _parts(found, context, 0)


def _hooks(
    document: DocumentPair, old: Site, new: Site, prefix: str, kind: str, context: Context, depth: int = 0
) -> Iterator[object]:
    """Requests that the service sends: webhooks by name, callbacks by expression."""
    ours, theirs = dict(old.items()), dict(new.items())
    for name in dict.fromkeys((*ours, *theirs)):
        operations = [
            {each.method: each for each in of_item(side[name], name)} if name in side else {} for side in (ours, theirs)
        ]
        several = any(len(side) > 1 for side in operations)
        for method in dict.fromkeys((*operations[0], *operations[1])):
            before, after = operations[0].get(method), operations[1].get(method)
            subject = f"{prefix}{name}" + (f" {method}" if several else "")
            found = OperationPair(
                document, before, after, subject, True, kind, _stability(before, after, document, context)
            )
            items = [each.item.value for each in (before, after) if each is not None]
            if len(items) == 2 and document.touched is not None and document.touched.same(*items):
                continue
            yield found
            yield from _parts(found, context, depth)


def _operation(document: DocumentPair, old: Operation | None, new: Operation | None, context: Context) -> OperationPair:
    known = new or old
    assert known is not None
    subject = f"{known.method} {known.path}"
    return OperationPair(document, old, new, subject, stability=_stability(old, new, document, context))


def _stability(old: Operation | None, new: Operation | None, document: DocumentPair, context: Context) -> Stability:
    """What the contract promised: `x-stability` of the operation or its document, else of the folder."""
    for side, root in ((old, document.old), (new, document.new)):
        if side is None or root is None:
            continue
        for said in (side.value.get("x-stability"), root.value.get("x-stability"), _of_info(root)):
            try:
                return Stability(said)
            except ValueError:
                continue
        return context.stability(root.document.file)
    return Stability.STABLE


def _of_info(root: Root) -> object:
    return root.site.child("info").mapping.get("x-stability")


def _parts(operation: OperationPair, context: Context, depth: int) -> Iterator[object]:
    old, new, touched = operation.old, operation.new, operation.document.touched
    if old is None or new is None or touched is None:
        return
    if not touched.same(
        [old.site.value, old.item.mapping.get("parameters")], [new.site.value, new.item.mapping.get("parameters")]
    ):
        yield from _parameters(operation, old, new)
        bodies = old.site.child("requestBody").follow(), new.site.child("requestBody").follow()
        if (bodies[0].there or bodies[1].there) and not touched.same(bodies[0].value, bodies[1].value):
            subject = f"{operation.subject} request body"
            found = RequestBodyPair(operation, subject, *(each if each.there else None for each in bodies))
            yield found
            if found.old and found.new:
                yield from _contents(operation, subject, found.old, found.new, answer=False)
        yield from _responses(operation, old, new)
        if depth < _MAX_CALLBACKS:
            yield from _callbacks(operation, old, new, context, depth)


def _parameters(operation: OperationPair, old: Operation, new: Operation) -> Iterator[object]:
    touched = operation.document.touched
    assert touched is not None
    ours, theirs = old.parameters(), new.parameters()
    order = [_path_parameters(each) for each in (old, new)]
    for key in dict.fromkeys((*ours, *theirs)):
        where, name = key
        before, after = ours.get(key), theirs.get(key)
        if where == "path":
            # by position: the name of a path parameter is not on the wire
            if before is None or name not in order[0]:
                continue
            index = order[0].index(name)
            after = theirs.get(("path", order[1][index])) if index < len(order[1]) else None
            if after is None:
                continue
        if before is not None and after is not None and touched.same(before.value, after.value):
            continue
        shown = (before or after or new.site).text("name", name)
        subject = f"{operation.subject} {where} parameter {shown}"
        yield ParameterPair(operation, subject, before, after, where, shown)


def _path_parameters(operation: Operation) -> list[str]:
    return re.findall(r"\{([^{}]*)\}", operation.path)


def _contents(operation: OperationPair, subject: str, old: Site, new: Site, *, answer: bool) -> Iterator[object]:
    touched = operation.document.touched
    assert touched is not None
    ours = {_media(name): (name, each) for name, each in old.child("content").items()}
    theirs = {_media(name): (name, each) for name, each in new.child("content").items()}
    common = ours.keys() & theirs.keys()
    for key in dict.fromkeys((*ours, *theirs)):
        before, after = ours.get(key), theirs.get(key)
        name = (after or before or (key,))[0]
        sites = before[1] if before else None, after[1] if after else None
        if sites[0] is not None and sites[1] is not None and touched.same(sites[0].value, sites[1].value):
            continue
        yield MediaTypePair(operation, subject, *sites, name, answer, bool(common), tuple(theirs))
        if sites[0] is not None and sites[1] is not None:
            schemas = _schema(sites[0]), _schema(sites[1])
            if not touched.same(schemas[0].value, schemas[1].value):
                text = subject if len(common) == 1 or "json" in key else f"{subject} ({name})"
                yield BodyPair(operation, text, schemas[0], schemas[1], answer, name)


def _schema(media: Site) -> Site:
    """The schema as it is written, a reference not followed: the reference is what components are known by."""
    return Site(media.root, (*media.keys, "schema"), media.mapping.get("schema"))


def _media(name: str) -> str:
    """A media type without what does not tell one from another."""
    return name.partition(";")[0].strip().lower()


def _responses(operation: OperationPair, old: Operation, new: Operation) -> Iterator[object]:
    touched = operation.document.touched
    assert touched is not None
    ours, theirs = (dict(each.site.child("responses").items()) for each in (old, new))
    for code in dict.fromkeys((*ours, *theirs)):
        before, after = ours.get(code), theirs.get(code)
        if code.startswith("x-") or (before and after and touched.same(before.value, after.value)):
            continue
        subject = f"{operation.subject} {code}"
        yield ResponsePair(operation, subject, before, after, code)
        other = before or ours.get(f"{code[:1]}XX") or ours.get(f"{code[:1]}xx") or ours.get("default")
        if after is None or other is None:
            continue  # what a code that is new answers has to be what its range or the default promised
        if before is not None or _promised(code):
            yield from _contents(operation, f"{subject} body", other, after, answer=True)
        if before is not None:
            yield from _named(HeaderPair, operation, subject, "headers", "header", before, after)
            yield from _named(LinkPair, operation, subject, "links", "link", before, after)


def _promised(code: str) -> bool:
    return code[:1].isdigit()


def _named(
    kind: type[HeaderPair] | type[LinkPair],
    operation: OperationPair,
    subject: str,
    key: str,
    word: str,
    old: Site,
    new: Site,
) -> Iterator[object]:
    touched = operation.document.touched
    assert touched is not None
    fold = str.lower if word == "header" else str
    ours = {fold(name): (name, each) for name, each in old.child(key).items()}
    theirs = {fold(name): (name, each) for name, each in new.child(key).items()}
    for name in dict.fromkeys((*ours, *theirs)):
        before, after = ours.get(name), theirs.get(name)
        if before and after and touched.same(before[1].value, after[1].value):
            continue
        shown = (before or after or (name,))[0]
        sites = before[1] if before else None, after[1] if after else None
        yield kind(operation, f"{subject} {word} {shown}", *sites, shown)


def _callbacks(
    operation: OperationPair, old: Operation, new: Operation, context: Context, depth: int
) -> Iterator[object]:
    ours, theirs = dict(old.site.child("callbacks").items()), dict(new.site.child("callbacks").items())
    for name in dict.fromkeys((*ours, *theirs)):
        nothing = Site(old.site.root, (), None)
        before, after = ours.get(name, nothing), theirs.get(name, nothing)
        if canonical(stripped(before.value)) == canonical(stripped(after.value)) and not before.there:
            continue
        prefix = f"{operation.subject} callback {name} "
        yield from _hooks(operation.document, before, after, prefix, "callback", context, depth + 1)
