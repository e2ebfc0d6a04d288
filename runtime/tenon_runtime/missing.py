"""What an implementation lacks, each with the method to paste. Used at start-up, by `tenon todo` and by tests.

`python -m tenon_runtime.missing impl.identity` prints one JSON array for the service that is started by
`python -m impl.identity`: it imports ``impl.identity.__main__``, which starts nothing when it is imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from tenon_runtime.spec import Api, EventHandlers, RestHandlers, Service

_ENDINGS = {"Service": "", "Events": "Receiver", "Handlers": "Rest"}
"""How a scaffold calls the class that fills a generated one, by the generated name's end."""


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


def bases(api: Api) -> list[type[Any]]:
    """The abstract classes that an implementation of `api` has to fill."""
    return [*api.services, *(base for base in (api.rest_handlers, api.event_handlers) if base is not None)]


def with_receiver(api: Api, classes: Iterable[type[Any]]) -> tuple[type[Any], ...]:
    """`classes` and, where none of them takes the events that the API receives, the one in ``events.py`` beside them.

    The first event that a domain receives then needs no edit of its ``__main__.py``.
    """
    given = tuple(classes)
    base = api.event_handlers
    if base is None or not given or any(issubclass(handler, base) for handler in given):
        return given
    package = given[0].__module__.rpartition(".")[0]
    name = f"{package}.events"
    if not package or importlib.util.find_spec(name) is None:
        return given
    module = importlib.import_module(name)
    return *given, *(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == name
    )


def missing(api: Api, handlers: Iterable[type[Any]]) -> list[Missing]:
    """What `handlers` lack of `api`, in the contract's order."""
    given = list(handlers)
    found: list[Missing] = []
    for base in bases(api):
        implementation = next((handler for handler in given if issubclass(handler, base)), None)
        found += lacking(base, implementation) if implementation is not None else [_whole(base)]
    return found


def lacking(base: type[Any], implementation: type[Any]) -> list[Missing]:
    """The abstract methods of `base` that `implementation` does not have."""
    file, line = _place(implementation)
    where = f"{implementation.__module__}:{implementation.__qualname__}"
    return [
        Missing(base.__name__, where, file, line, name, ref, stub(base, name))
        for name, ref in references(base).items()
        if getattr(getattr(implementation, name, None), "__isabstractmethod__", False)
    ]


def _whole(base: type[Any]) -> Missing:
    methods = "\n".join(stub(base, name) for name in references(base))
    name = base.__name__
    for ending, ours in _ENDINGS.items():
        if name.endswith(ending):
            name = name.removesuffix(ending) + ours
            break
    else:
        name += "Impl"
    receiver = issubclass(base, EventHandlers)
    where = "in events.py, beside service.py" if receiver else f"also name it in __main__.py: serve(API, …, {name})"
    text = f"# {where}\nclass {name}({base.__name__}):\n{methods}"
    return Missing(base.__name__, "", "", 0, "", next(iter(references(base).values()), ""), text)


def stub(base: type[Any], name: str) -> str:
    """Method `name` of abstract class `base` as source to paste, indented: its signature and a body that fails."""
    # The annotations of generated modules are strings: their quotes are not the source's.
    signature = str(inspect.signature(getattr(base, name))).replace("'", "")
    lines = [f"    async def {name}{signature}:", "        raise NotImplementedError"]
    if signature.rsplit("-> ", 1)[-1].startswith("AsyncIterator["):
        lines.append("        yield  # an answer")
    return "\n".join(lines) + "\n"


def references(base: type[Any]) -> dict[str, str]:
    """The place in the contract of every method of `base`, by the method's name."""
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
    return missing(api, with_receiver(api, classes))


if __name__ == "__main__":
    print(json.dumps([asdict(item) for item in of_module(sys.argv[1])]))
