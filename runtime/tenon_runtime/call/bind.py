"""Which class implements which part of an API, checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenon_runtime import missing
from tenon_runtime.spec import SPEC_FORMAT, Api


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
    for base in missing.bases(api):
        found = [c for c in classes if issubclass(c, base)]
        if len(found) == 1:
            where = f"{found[0].__module__}.{found[0].__qualname__}"
            left = missing.lacking(base, found[0])
            faults += [Fault(f"{where} lacks {item.method} ({item.ref})", item.stub.rstrip()) for item in left]
            if not left:
                handlers[base] = found[0]()
        elif found:
            names = ", ".join(f"{c.__module__}.{c.__qualname__}" for c in found)
            faults.append(Fault(f"{base.__name__} has more than one implementation: {names}", "    leave one"))
        else:
            body = "\n".join(missing.stub(base, name) for name in missing.references(base))
            faults.append(Fault(f"nothing implements {base.__name__}", f"class Mine({base.__name__}):\n{body}"))
    for extra in classes:
        if not any(issubclass(extra, base) for base in missing.bases(api)):
            faults.append(
                Fault(f"{extra.__qualname__} implements nothing of {api.name}", "    leave it out of serve(...)")
            )
    return handlers, faults
