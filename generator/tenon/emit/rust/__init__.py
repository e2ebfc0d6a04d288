"""The contracts as a Rust crate, ``generated/rust/api``: messages, one trait a service, events.

The structs are ours and derive prost's codec: prost-build would want protoc and a build script in every checkout,
and its output could not be reviewed. The text is what rustfmt leaves as it is, so that no formatter has to run.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.emit.rust.crate import Crate
from tenon.emit.rust.names import Names, Scope, needed, recursive
from tenon.emit.rust.view import Builder
from tenon.emit.templating import template
from tenon.file import File
from tenon.model.graph import Model

REPOSITORY_ONLY = True
_CRATE = "generated/rust/api"


def emit(model: Model) -> Iterator[File]:
    """The crate: a manifest and one module a package."""
    messages, enums = needed(model.protobuf)
    packages = {p.name: p for p in model.packages if p.services or p.sends or p.receives}
    filled = {m.package for m in messages} | {e.package for e in enums} | set(packages)
    if not filled:
        return
    names = Names(messages, enums, filled)
    boxed = recursive(messages)
    crate = Crate(model, filled, messages, enums)
    module = template(__file__, "module.rs.jinja")
    yield File(f"{_CRATE}/Cargo.toml", template(__file__, "Cargo.toml.jinja").render(), model.root)
    for name, scope in _modules(names.root, ""):
        text, keep = model.memo.get("rust", crate.key(name, packages.get(name)))
        if text is None:
            view = Builder(scope, names, crate.registry(name), boxed).module(
                _title(name, name in filled), name, packages.get(name), crate.messages(name), crate.enums(name)
            )
            text = module.render(module=view, root=not name)
            keep(text)
        path = "/".join(part.removeprefix("r#") for part in scope.parts) or "lib"
        yield File(f"{_CRATE}/src/{path}.rs", text, name or model.root)


def _modules(scope: Scope, name: str) -> Iterator[tuple[str, Scope]]:
    yield name, scope
    for part, child in scope.children.items():
        yield from _modules(child, f"{name}.{part}" if name else part)


def _title(name: str, filled: bool) -> str:
    if not name:
        return "What the contracts of this repository say, as Rust."
    return f"Package `{name}`." if filled else f"Packages below `{name}`."
