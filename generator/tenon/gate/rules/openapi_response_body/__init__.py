"""Answers have to stay what was promised.

A client reads answers by the contract that it was written against. If the service may now send something that the old
contract excluded, a property missing that was always there, a number where a text was, a value that the enum did not
list, that client breaks. Every body that the new schema allows has to be one that the old schema allowed: the opposite
direction of requests.

**Decided** by subset reasoning over the whole schemas. `writeOnly` properties are no part of answers. By the policy
`content_model = "closed"` a service sends only properties that its schema names, so a new optional property is safe
for every reader that does not forbid unknown ones; `unknown_properties = "ignored"` declares that no reader does.
`enums = "extensible"`, or `x-extensible-enum: true` beside an enum, declares that readers take unlisted values.
What cannot be decided within the budget is *unproven*, with the keyword that stands in the way.

Before:

    status: {enum: [draft, live]}

After, which sends `"archived"` to readers that know only two values:

    status: {enum: [draft, live, archived]}

**Safely**: send the new value in a new property or version first, or declare the enum extensible a release earlier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.pairs import BodyPair
from tenon.gate.verdict import Change

ON = (BodyPair,)


def judge(pair: BodyPair, context: Context) -> Iterator[Change]:
    if pair.answer:
        stability = pair.operation.stability
        for change in pair.exchange.judge(pair.subject, pair.old, pair.new):
            yield change if stability is change.stability else replace(change, stability=stability)
