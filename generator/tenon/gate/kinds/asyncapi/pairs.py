"""What rules about AsyncAPI judge: one thing at both sides, None where it was added or removed."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenon.gate.json.changes import Exchange
from tenon.gate.json.compare import Comparer
from tenon.gate.json.judge import Judge
from tenon.gate.json.site import Root, Site
from tenon.gate.json.touched import Touched
from tenon.gate.json.view import View
from tenon.gate.kinds.asyncapi.model import Message, Operation
from tenon.gate.policy import Policy
from tenon.gate.verdict import Direction, Role, Stability


@dataclass(frozen=True, eq=False)
class AsyncDocumentPair:
    """Two versions of one document, and what was found out about both."""

    old: Root | None
    new: Root | None
    touched: Touched | None
    policy: Policy
    exchanges: dict[tuple[bool, Direction, str, str], Exchange] = field(default_factory=dict)
    judge: Judge = field(default_factory=Judge)

    def exchange(self, sender_is_new: bool, direction: Direction, dialects: tuple[str, str], role: Role) -> Exchange:
        """How messages travel; `dialects` of the old and of the new schema."""
        assert self.old is not None and self.new is not None and self.touched is not None
        key = (sender_is_new, direction, *dialects)
        if key not in self.exchanges:
            ends = [(self.old, dialects[0]), (self.new, dialects[1])]
            if sender_is_new:
                ends.reverse()
            formats = self.policy.formats == "assert"
            sender = View(*ends[0], closed=self.policy.content_model == "closed", formats=formats)
            receiver = View(
                *ends[1],
                receiver=True,
                lenient=self.policy.unknown_properties == "ignored",
                extensible=self.policy.enums == "extensible",
                formats=formats,
            )
            comparer = Comparer(sender, receiver, self.touched, self.judge)
            self.exchanges[key] = Exchange(comparer, sender_is_new, direction, role)
        return self.exchanges[key]


@dataclass(frozen=True, eq=False)
class ChannelPair:
    """A channel, by address, then by name."""

    document: AsyncDocumentPair
    old: Site | None
    new: Site | None
    subject: str
    """``channel evt.catalog.{slot}.video_published.v1``."""
    addresses: tuple[str, str] = ("", "")
    used: tuple[bool, bool] = (True, True)
    """Whether an operation uses it; removal of a used one is told by its operations."""
    stability: Stability = Stability.STABLE


@dataclass(frozen=True, eq=False)
class AsyncOperationPair:
    """An operation, by address and action, then by name."""

    document: AsyncDocumentPair
    old: Operation | None
    new: Operation | None
    subject: str
    """``send evt.catalog.{slot}.video_published.v1``."""
    stability: Stability = Stability.STABLE
    retained: bool = True
    """Messages stay in the channel and are read later."""

    @property
    def sends(self) -> bool:
        known = self.new or self.old
        return known is not None and known.action == "send"

    @property
    def role(self) -> Role:
        """Who is hurt: those who receive what it sends, or those who send what it receives."""
        return Role.RECEIVER if self.sends else Role.SENDER


@dataclass(frozen=True, eq=False)
class MessagePair:
    """A message of an operation or of its reply."""

    operation: AsyncOperationPair
    old: Message | None
    new: Message | None
    subject: str
    """``event catalog.video_published``."""
    sends: bool = True
    """The service sends it; the reply of a `receive` is sent."""

    @property
    def role(self) -> Role:
        return Role.RECEIVER if self.sends else Role.SENDER


@dataclass(frozen=True, eq=False)
class PayloadPair:
    """The schemas of a message's payload, both of JSON."""

    message: MessagePair
    old: Site
    new: Site
    dialects: tuple[str, str]


@dataclass(frozen=True, eq=False)
class ProtobufPayloadPair:
    """A payload that is, or was, another protobuf message: full names. The messages themselves are another kind's."""

    message: MessagePair
    old: Site
    new: Site
    names: tuple[str, str]
