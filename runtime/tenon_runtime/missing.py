"""What an implementation lacks, each with the method to paste. Used at start-up, by `tenon todo` and by tests.

`python -m tenon_runtime.missing impl.identity` prints one JSON array for the service that is started by
`python -m impl.identity`: it imports ``impl.identity.__main__``, which starts nothing when it is imported.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from tenon_runtime.spec import Api, EventHandlers, RestHandlers, Service


@dataclass(frozen=True, slots=True)
class Missing:
    """One method, or a whole class, that has to be written."""

    base: str
    """The generated abstract class."""
    implementation: str
    """``module:Class`` that should have it; empty when no class implements `base`."""
    file: str
    """Where to write it; empty when unknown."""
    line: int
    method: str
    ref: str
    """The place in the contract."""
    stub: str
    """Python source to paste."""


def missing(api: Api, handlers: Iterable[type[Any]]) -> list[Missing]:
    """What `handlers` lack of `api`, in the contract's order."""
    given = list(handlers)
    bases: list[type[Any]] = [*api.services]
    bases += [base for base in (api.rest_handlers, api.event_handlers) if base is not None]
    found: list[Missing] = []
    for base in bases:
        implementation = next((handler for handler in given if issubclass(handler, base)), None)
        refs = _refs(base)
        if implementation is None:
            methods = "\n".join(stub(base, name) for name in refs)
            text = f"class {base.__name__.removesuffix('Service') or base.__name__}({base.__name__}):\n{methods}"
            found.append(Missing(base.__name__, "", "", 0, "", next(iter(refs.values()), ""), text))
            continue
        file, line = _place(implementation)
        lacking: frozenset[str] = getattr(implementation, "__abstractmethods__", frozenset())
        found += [
            Missing(
                base.__name__,
                f"{implementation.__module__}:{implementation.__qualname__}",
                file,
                line,
                name,
                ref,
                stub(base, name),
            )
            for name, ref in refs.items()
            if name in lacking
        ]
    return found


def stub(base: type[Any], name: str) -> str:
    """Method `name` of abstract class `base` as source to paste: its signature, its text, and a body that fails."""
    function = inspect.unwrap(getattr(base, name))
    signature = inspect.signature(function)
    parameters = ", ".join(
        parameter.name if parameter.annotation is parameter.empty else f"{parameter.name}: {parameter.annotation}"
        for parameter in signature.parameters.values()
    )
    answer = str(signature.return_annotation)
    body = 'raise errors.Unimplemented("not written yet")'
    if answer.startswith("AsyncIterator["):
        body += f"\n        yield {answer[len('AsyncIterator[') : -1]}()"
    return f"    async def {name}({parameters}) -> {answer}:\n        {body}\n"


def _refs(base: type[Any]) -> dict[str, str]:
    if issubclass(base, Service):
        return {method.attr: method.ref for method in base.spec.methods}
    if issubclass(base, RestHandlers):
        return {operation.attr: operation.ref for operation in base.operations}
    if issubclass(base, EventHandlers):
        return {subscription.attr: subscription.ref for subscription in base.subscriptions}
    return {}


def _place(handler: type[Any]) -> tuple[str, int]:
    try:
        return inspect.getsourcefile(handler) or "", inspect.getsourcelines(handler)[1]
    except (OSError, TypeError):
        return "", 0


def of_module(name: str) -> list[Missing]:
    """What the service in package `name` lacks; its ``__main__`` must hold `API` and the classes it serves."""
    module = importlib.import_module(f"{name}.__main__")
    api = next((value for value in vars(module).values() if isinstance(value, Api)), None)
    if api is None:
        raise LookupError(f"{name}.__main__ imports no API")
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, (Service, RestHandlers, EventHandlers))
    ]
    return missing(api, classes)


if __name__ == "__main__":
    print(json.dumps([asdict(item) for item in of_module(sys.argv[1])]))
