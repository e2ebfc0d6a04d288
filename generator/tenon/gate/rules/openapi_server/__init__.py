"""The service stays where it is.

Clients are built with the URL of a server. When a URL is gone from the contract, requests to it are not promised an
answer any more. Addresses of developers' machines (`localhost`, `127.0.0.1`, `*.local`, `example.com`) are no promise.
A URL with variables stands for all that its variables' enums or defaults make of it.

**Decided** by structure, with the paths taken into account: where the base path moves from the server into every path
nothing changes. The witness is the address that was answered.

Before:

    servers: [{url: https://api.example.org/v1}, {url: https://eu.example.org/v1}]

After, where `https://eu.example.org` is not promised:

    servers: [{url: https://api.example.org/v1}]

**Safely**: keep the old host answering (or redirecting with 308) until nobody calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any
from urllib.parse import urlsplit

from tenon.gate.context import Context
from tenon.gate.json.site import Root, Site
from tenon.gate.kinds.openapi.operations import base_path, paths, template
from tenon.gate.kinds.openapi.pairs import DocumentPair
from tenon.gate.verdict import Change, Direction, Role, Witness, breaking, safe

ON = (DocumentPair,)
_OURS = re.compile(
    r"(^|//)(localhost|127\.|0\.0\.0\.0|\[::1\])|\.local(:|/|$)|//([a-z0-9-]+\.)*example\.(com|org|net)\b"
)
_MAX_URLS = 500


def judge(pair: DocumentPair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is None or pair.old.value.get("servers") == pair.new.value.get("servers"):
        return
    before, after = _urls(pair.old), _urls(pair.new)
    moved = base_path(pair.old) != base_path(pair.new) and _same_paths(pair.old, pair.new)
    hosts = {_host(url) for url in after}
    place = pair.new.site.child("servers")
    for url, site in before.items():
        if url in after or _OURS.search(url) or (moved and _host(url) in hosts):
            continue
        if any(
            _host(other) == "" and urlsplit(other).path.rstrip("/") == urlsplit(url).path.rstrip("/") for other in after
        ):
            continue  # a server without a host is wherever the document is served
        yield breaking(
            f"server {url}",
            f"the server {url} is not promised any more",
            "keep it answering until nobody calls it",
            direction=Direction.REQUEST,
            role=Role.CLIENT,
            old=site.location,
            new=(place if place.there else pair.new.site).location,
            witness=Witness("request", {"url": url}, "answered", "not promised"),
        )
    for url, site in after.items():
        if url not in before and before and not _OURS.search(url):
            yield safe(f"server {url}", f"the server {url} was added", new=site.location, direction=Direction.REQUEST)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return url


def _same_paths(old: Root, new: Root) -> bool:
    sides = [{template(base_path(root) + path) for path in paths(root)} for root in (old, new)]
    return bool(sides[0]) and sides[0] <= sides[1]


def _urls(root: Root) -> dict[str, Site]:
    """Every URL that the servers stand for."""
    found: dict[str, Site] = {}
    for server in root.site.child("servers").elements():
        url = server.text("url")
        names = list(dict.fromkeys(re.findall(r"\{([^{}]+)\}", url)))
        choices = [_choices(server.child("variables", name).mapping, name) for name in names]
        for chosen in islice(product(*choices), _MAX_URLS):
            one = url
            for name, value in zip(names, chosen, strict=True):
                one = one.replace("{" + name + "}", value)
            found.setdefault(one.rstrip("/") or "/", server)
    return found


def _choices(variable: dict[str, Any], name: str) -> list[str]:
    members = variable.get("enum")
    if isinstance(members, list) and members:
        return [str(each) for each in members]
    return ["{" + name + "}"]
