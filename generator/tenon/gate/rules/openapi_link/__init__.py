"""Links lead where they led.

A client that follows the links of an answer instead of building requests itself finds the next operation by the link's
name. A link that is gone, or that leads to another operation or with other parameters, sends it astray. Whether anybody
follows links is not written in any contract, so this is *unproven*, never a break.

**Decided** by structure: the target (`operationId` or `operationRef`), the parameters and the body are compared.

Before:

    links: {next: {operationId: listThings, parameters: {page: $response.body#/next}}}

After, where nothing is called `next`:

    links: {}

**Safely**: keep the link beside the new one; links may always be added.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.documents import canonical
from tenon.gate.json.site import Site
from tenon.gate.kinds.openapi.pairs import LinkPair
from tenon.gate.kinds.openapi.requests import of_part
from tenon.gate.verdict import Change, Direction, safe, unproven

ON = (LinkPair,)


def judge(pair: LinkPair, context: Context) -> Iterator[Change]:
    common = of_part(pair, Direction.RESPONSE)
    if pair.old is None:
        yield safe(pair.subject, f"the link `{pair.name}` was added", **common)
    elif pair.new is None or _meant(pair.old) != _meant(pair.new):
        how = "is gone" if pair.new is None else "leads elsewhere"
        yield unproven(
            pair.subject,
            f"the link `{pair.name}` {how}, and who follows it is not known",
            "keep the link beside the new one",
            **common,
        )


def _meant(site: Site) -> bytes:
    return canonical([site.mapping.get(key) for key in ("operationId", "operationRef", "parameters", "requestBody")])
