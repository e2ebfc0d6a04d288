"""Whoever was let in is let in still.

A client comes with what the old contract asked for: one of the alternatives of `security`, each a set of schemes with
scopes. It breaks when no alternative of the new contract is content with that: a scheme or a scope was added, the
alternative that it uses was removed, or a scheme means something else (another header, another type).

**Decided** by structure: for each old alternative there has to be a new one that asks for no more. Schemes are compared
by what they are, so renaming one is no change. An operation without `security` has that of the document; a change
there is one change, however many operations it reaches.

Before:

    security: [{oauth: [things:read]}]

After, which refuses tokens without the second scope:

    security: [{oauth: [things:read, things:list]}]

**Safely**: accept both for a while as alternatives, give the new scope to all clients, then ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.documents import canonical
from tenon.gate.json.site import Root, Site
from tenon.gate.kinds.openapi.pairs import Operation, OperationPair
from tenon.gate.kinds.openapi.requests import facts, request
from tenon.gate.verdict import Change, Direction, breaking, safe

ON = (OperationPair,)
Alternative = dict[bytes, tuple[str, frozenset[str]]]
"""What one alternative asks for: by scheme, its name and scopes."""


def judge(pair: OperationPair, context: Context) -> Iterator[Change]:
    old, new = pair.old, pair.new
    if old is None or new is None or pair.sends:
        return
    words = [[side.value.get("security"), _schemes(side)] for side in (old, new)]
    if canonical(words[0]) == canonical(words[1]):
        return
    before, after = _asked(old), _asked(new)
    if before == after:
        return
    inherited = "security" not in old.value and "security" not in new.value
    subject = "security of the document" if inherited else f"{pair.subject} security"
    places = [_place(each) for each in (old, new)]
    common = {**facts(pair, Direction.REQUEST, *places), "affects": (pair.subject,)}
    refused = [each for each in before if not any(_content(other, each) for other in after)]
    if not refused:
        if not all(any(_content(each, other) for each in before) for other in after):
            yield safe(subject, "there is another way to be let in", detail="added", **common)
        return
    told = _told(refused[0])
    wanted = " or ".join(_told(each) for each in after) or "what nobody has"
    yield breaking(
        subject,
        f"who comes with {told} was let in and is refused now: {wanted} is asked for",
        "accept the old credentials as an alternative until every client has the new ones",
        detail=told,
        witness=request(pair, "let in", "refused: 401 or 403", credentials=told),
        **common,
    )


def _schemes(operation: Operation) -> list[object]:
    root = operation.site.root
    return [root.value.get("security"), root.site.child("components", "securitySchemes").mapping]


def _place(operation: Operation) -> Site:
    if "security" in operation.value:
        return operation.site.child("security")
    return operation.site.root.site.child("security")


def _asked(operation: Operation) -> list[Alternative]:
    """The alternatives; one that asks for nothing where there is no security at all."""
    root = operation.site.root
    said = operation.value.get("security", root.value.get("security"))
    found: list[Alternative] = []
    for each in said if isinstance(said, list) else []:
        if isinstance(each, dict):
            asked: Alternative = {}
            for name, scopes in each.items():
                names = frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset[str]()
                asked[_scheme(root, str(name))] = (str(name), names)
            found.append(asked)
    return found or [{}]


def _scheme(root: Root, name: str) -> bytes:
    """What the scheme is, whatever it is called."""
    value = root.site.child("components", "securitySchemes", name).mapping
    if not value:
        return name.encode()
    kind = str(value.get("type"))
    parts = {"type": kind, "name": value.get("name"), "in": value.get("in"), "scheme": str(value.get("scheme")).lower()}
    if kind == "oauth2":
        flows = value.get("flows")
        parts["flows"] = sorted(flows) if isinstance(flows, dict) else None
    elif kind == "http":
        parts.pop("name")
    twins = [other for other, _ in root.site.child("components", "securitySchemes").items()]
    same = [other for other in twins if other != name and _like(root, other, value)]
    return canonical([parts, name if same else ""])  # two that look the same are told apart by name


def _like(root: Root, name: str, value: dict[str, object]) -> bool:
    other = root.site.child("components", "securitySchemes", name).mapping
    return all(other.get(key) == value.get(key) for key in ("type", "name", "in", "scheme"))


def _content(new: Alternative, old: Alternative) -> bool:
    """Whether who satisfies the old alternative satisfies the new one."""
    return all(scheme in old and scopes <= old[scheme][1] for scheme, (_, scopes) in new.items())


def _told(asked: Alternative) -> str:
    parts = [f"{name} [{', '.join(sorted(scopes))}]" if scopes else name for name, scopes in asked.values()]
    return " and ".join(sorted(parts)) or "no credentials"
