"""What the contracts say about the whole: C4 diagrams, who talks to whom, who owns which data, what happens when
something fails. Markdown for people, ``generated/docs``."""

from __future__ import annotations

from collections.abc import Iterator

from tenon.emit.diagrams import ownership, pairs
from tenon.emit.diagrams.failures import failures
from tenon.emit.diagrams.platform import platform
from tenon.emit.templating import template
from tenon.file import File
from tenon.model.graph import Model

REPOSITORY_ONLY = True


def emit(model: Model) -> Iterator[File]:
    """The pages, where there is any bounded context."""
    whole = platform(model)
    if not whole.contexts:
        return
    pages = {
        "c4": whole,
        "pairs": pairs.view(whole),
        "data-ownership": ownership.view(whole, model),
        "failure-modes": failures(whole),
    }
    for name, view in pages.items():
        yield File(f"generated/docs/{name}.md", template(__file__, f"{name}.md.jinja").render(view=view), model.root)
