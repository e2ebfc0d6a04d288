"""Which class implements which part of an API, checked before anything starts."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass
from typing import Any

from tenon_runtime.spec import SPEC_FORMAT, Api, Kind


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a service cannot start, and what to paste or do."""

    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}"


def bind(api: Api, classes: tuple[type[Any], ...]) -> tuple[dict[type[Any], Any], list[Fault]]:
    """An instance for each abstract class of the API, and everything that is missing or too much."""
    if api.contracts != SPEC_FORMAT:
        message = f"{api.name} was generated for format {api.contracts}; this runtime speaks {SPEC_FORMAT}"
        return {}, [Fault(message, "    tenon generate with the version of tenon_runtime that is installed")]
    handlers: dict[type[Any], Any] = {}
    faults: list[Fault] = []
    for base in _bases(api):
        found = [c for c in classes if issubclass(c, base)]
        if len(found) == 1:
            where = f"{found[0].__module__}.{found[0].__qualname__}"
            missing = [
                Fault(f"{where} lacks {name} ({ref})", stub)
                for name, (ref, stub) in _stubs(base).items()
                if _is_missing(found[0], name)
            ]
            faults += missing
            if not missing:
                handlers[base] = found[0]()
        elif found:
            names = ", ".join(f"{c.__module__}.{c.__qualname__}" for c in found)
            faults.append(Fault(f"{base.__name__} has more than one implementation: {names}", "    leave one"))
        else:
            body = "\n\n".join(stub for _, stub in _stubs(base).values())
            faults.append(Fault(f"nothing implements {base.__name__}", f"class Mine({base.__name__}):\n{body}"))
    for extra in classes:
        if not any(issubclass(extra, base) for base in _bases(api)):
            faults.append(
                Fault(f"{extra.__qualname__} implements nothing of {api.name}", "    leave it out of serve(...)")
            )
    return handlers, faults


def _is_missing(kind: type[Any], name: str) -> bool:
    method = getattr(kind, name, None)
    return method is None or getattr(method, "__isabstractmethod__", False)


def _bases(api: Api) -> list[type[Any]]:
    return [*api.services, *(b for b in (api.rest_handlers, api.event_handlers) if b is not None)]


def _stubs(base: type[Any]) -> dict[str, tuple[str, str]]:
    """The reference of each method and what to paste for it, by its Python name."""
    if hasattr(base, "spec"):
        parts = base.spec.methods
    elif hasattr(base, "operations"):
        parts = base.operations
    else:
        parts = base.subscriptions
    return {part.attr: (part.ref, textwrap.indent(part.stub.strip() or _stub(base, part), "    ")) for part in parts}


def _stub(base: type[Any], part: Any) -> str:
    """A method with the signature of the abstract one. Its annotations are strings in generated modules."""
    signature = str(inspect.signature(getattr(base, part.attr))).replace("'", "")
    streams = getattr(part, "kind", None) in (Kind.SERVER_STREAM, Kind.BIDI_STREAM)
    lines = [f"async def {part.attr}{signature}:", "    raise NotImplementedError"]
    return "\n".join([*lines, "    yield  # an answer"] if streams else lines)
