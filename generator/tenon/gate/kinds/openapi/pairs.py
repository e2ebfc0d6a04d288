"""What rules about OpenAPI judge: one thing at both sides, None where it was added or removed."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenon.gate.json.changes import Exchange
from tenon.gate.json.compare import Comparer
from tenon.gate.json.judge import Judge
from tenon.gate.json.site import Root, Site
from tenon.gate.json.touched import Touched
from tenon.gate.json.view import View
from tenon.gate.policy import Policy
from tenon.gate.verdict import Direction, Role, Stability

_ELSEWHERE = frozenset({"accept", "content-type", "authorization"})
"""Header parameters that OpenAPI says are ignored: media types and security speak of them."""


@dataclass(frozen=True, eq=False)
class DocumentPair:
    """Two versions of one document, and what was found out about both."""

    old: Root | None
    new: Root | None
    touched: Touched | None
    """None where one of the two is absent."""
    policy: Policy
    dialects: tuple[str, str] = ("draft2020-12", "draft2020-12")
    exchanges: dict[tuple[bool, bool], Exchange] = field(default_factory=dict)
    judge: Judge = field(default_factory=Judge)

    def exchange(self, *, answer: bool, sends: bool) -> Exchange:
        """How data travels: `answer` or request, and whether the service `sends` the request, as in a webhook."""
        assert self.old is not None and self.new is not None and self.touched is not None
        key = (answer, sends)
        if key not in self.exchanges:
            sender_is_new = answer != sends
            ends = (self.new, self.old) if sender_is_new else (self.old, self.new)
            dialects = self.dialects[::-1] if sender_is_new else self.dialects
            absent = "writeOnly" if answer else "readOnly"
            formats = self.policy.formats == "assert"
            sender = View(ends[0], dialects[0], absent, closed=self.policy.content_model == "closed", formats=formats)
            receiver = View(
                ends[1],
                dialects[1],
                absent,
                receiver=True,
                lenient=self.policy.unknown_properties == "ignored" and sender_is_new,
                extensible=self.policy.enums == "extensible",
                formats=formats,
            )
            self.exchanges[key] = Exchange(
                Comparer(sender, receiver, self.touched, self.judge),
                sender_is_new,
                Direction.RESPONSE if answer else Direction.REQUEST,
                Role.RECEIVER if sends else Role.CLIENT,
            )
        return self.exchanges[key]


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation at one side."""

    site: Site
    method: str
    path: str
    item: Site
    """The path item that it stands in."""

    @property
    def value(self) -> dict[str, object]:
        """The Operation Object as it is written."""
        return self.site.mapping

    def parameters(self) -> dict[tuple[str, str], Site]:
        """By place and name; the operation's own go before those of its path."""
        found: dict[tuple[str, str], Site] = {}
        for holder in (self.item, self.site):
            for each in holder.child("parameters").elements():
                where, name = each.text("in"), each.text("name")
                if where and name and not (where == "header" and name.lower() in _ELSEWHERE):
                    found[where, name.lower() if where == "header" else name] = each
        return found


@dataclass(frozen=True, eq=False)
class OperationPair:
    """One operation. Also of a webhook or a callback: there the service `sends` the request."""

    document: DocumentPair
    old: Operation | None
    new: Operation | None
    subject: str
    """``POST /v1/creators``, ``webhook paid``, ``POST /orders callback onPaid``."""
    sends: bool = False
    kind: str = "operation"
    """``operation``, ``webhook`` or ``callback``."""
    stability: Stability = Stability.STABLE

    @property
    def role(self) -> Role:
        return Role.RECEIVER if self.sends else Role.CLIENT


@dataclass(frozen=True, eq=False)
class PartPair:
    """A part of an operation that is there before and after; what both share of `OperationPair`."""

    operation: OperationPair
    subject: str
    old: Site | None
    new: Site | None


@dataclass(frozen=True, eq=False)
class ParameterPair(PartPair):
    """A parameter, by place and name."""

    where: str = "query"
    name: str = ""


@dataclass(frozen=True, eq=False)
class RequestBodyPair(PartPair):
    """The Request Body Object of an operation."""


@dataclass(frozen=True, eq=False)
class ResponsePair(PartPair):
    """The Response Object of a status code, ``2XX`` or ``default``."""

    code: str = "default"


@dataclass(frozen=True, eq=False)
class MediaTypePair(PartPair):
    """A Media Type Object of a body."""

    name: str = ""
    answer: bool = False
    shared: bool = True
    """Some media type of the body is there at both sides."""
    others: tuple[str, ...] = ()
    """All media types of the new body."""


@dataclass(frozen=True, eq=False)
class HeaderPair(PartPair):
    """A header of a response."""

    name: str = ""


@dataclass(frozen=True, eq=False)
class LinkPair(PartPair):
    """A link of a response."""

    name: str = ""


@dataclass(frozen=True, eq=False)
class BodyPair:
    """The schemas of a body that is there before and after, in one media type."""

    operation: OperationPair
    subject: str
    old: Site
    new: Site
    answer: bool
    name: str
    """The media type."""

    @property
    def exchange(self) -> Exchange:
        return self.operation.document.exchange(answer=self.answer, sends=self.operation.sends)
