"""What is yielded of a repository's architecture."""

from __future__ import annotations

from dataclasses import dataclass

from tenon.source import Location


@dataclass(frozen=True, slots=True)
class Call:
    """A domain's contract or code reaches for an RPC or a message of another domain."""

    domain: str
    other: str
    what: str
    """``catalog.v1.CatalogService/GetVideo``, a message or a name of the generated API."""
    by: str
    """``contract`` or ``code``."""
    at: Location


@dataclass(frozen=True, slots=True)
class Event:
    """An event with the domains that send and receive it."""

    name: str
    senders: tuple[tuple[str, Location], ...]
    receivers: tuple[tuple[str, Location], ...]


@dataclass(frozen=True, slots=True)
class Import:
    """A service's code imports another service's code."""

    service: str
    other: str
    name: str
    at: Location


@dataclass(frozen=True, slots=True)
class Table:
    """A service's SQL names a table that only another service's migrations make."""

    service: str
    owner: str
    table: str
    at: Location


@dataclass(frozen=True, slots=True)
class Undeclared:
    """Operations of one domain without something that the repository requires."""

    domain: str
    what: str
    """``owner`` or ``slo``."""
    operations: tuple[str, ...]
    at: Location
