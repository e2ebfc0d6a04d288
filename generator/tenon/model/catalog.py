"""Backstage component descriptors: who owns a bounded context and in which language it is written."""

from __future__ import annotations

from dataclasses import dataclass

from tenon.model.text import Text
from tenon.source import Location


@dataclass(frozen=True, slots=True)
class Component:
    """One `catalog-info.yaml` of kind Component."""

    name: Text
    domain: str
    """The folder under contracts/."""
    owner: Text
    lifecycle: Text
    language: Text
    description: Text
    tables: tuple[Text, ...]
    """``tenon.dev/owns``: the data that this service is the only writer of."""
    at: Location
