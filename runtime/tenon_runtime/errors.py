"""Every error that a call can end with, as one tree.

    Error                            gRPC / Connect code   HTTP  retryable
    ├── InvalidArgument              invalid_argument      400   no
    │   ├── SchemaViolation          invalid_argument      422   no
    │   ├── IdempotencyKeyReused     invalid_argument      422   no
    │   ├── NotAcceptable            invalid_argument      406   no
    │   └── UnsupportedMediaType     invalid_argument      415   no
    ├── OutOfRange                   out_of_range          400   no
    ├── Unauthenticated              unauthenticated       401   no
    ├── PermissionDenied             permission_denied     403   no
    ├── NotFound                     not_found             404   no
    ├── AlreadyExists                already_exists        409   no
    ├── FailedPrecondition           failed_precondition   400   no
    ├── Aborted                      aborted               409   yes
    │   ├── Conflict                 aborted               409   yes
    │   └── IdempotencyKeyInUse      aborted               409   yes
    ├── ResourceExhausted            resource_exhausted    429   yes
    │   └── PayloadTooLarge          resource_exhausted    413   no
    ├── DeadlineExceeded             deadline_exceeded     504   yes
    ├── Cancelled                    canceled              499   no
    ├── Unavailable                  unavailable           503   yes
    ├── Unimplemented                unimplemented         501   no
    │   └── MethodNotAllowed         unimplemented         405   no
    ├── Internal                     internal              500   no
    ├── DataLoss                     data_loss             500   no
    └── Unknown                      unknown               500   no

A service raises these, or its own subclasses: a subclass takes its parent's row and may name a problem type of its own
(``class TipTooSmall(FailedPrecondition, type="tip-too-small")``). Anything else that escapes a handler is
answered as Internal, with nothing of its text.

Codes: https://connectrpc.com/docs/protocol#error-codes. Problems: RFC 9457.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

PROBLEM_TYPES = "urn:tenon:problem:"
"""What a problem's ``type`` starts with; the rest is the class's name in kebab-case, or its own `type`."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule of the contract."""

    pointer: str
    """JSON pointer: ``/email`` is in the body or message, ``#/query/limit`` is a parameter (by source and name)."""
    rule: str
    """The rule in its own language: JSON Schema's keyword (``maxLength``) or protovalidate's id (``string.email``)."""
    detail: str


@dataclass(frozen=True, slots=True)
class Wire:
    """How one kind of error looks outside."""

    code: str
    """Connect's spelling of the code."""
    number: int
    """gRPC's number of the code."""
    http: int
    retryable: bool


class Error(Exception):
    """Base of every error with a meaning for the caller."""

    wire: ClassVar[Wire] = Wire("unknown", 2, 500, False)
    type: ClassVar[str] = "unknown"
    """The end of the problem's ``type``."""
    title: ClassVar[str] = "Unknown"

    def __init__(
        self,
        detail: str = "",
        *,
        violations: Sequence[Violation] = (),
        details: Sequence[Any] = (),
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`detail` is shown to the caller; `details` are protobuf messages for RPC callers; `retry_after`: seconds."""
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.violations = tuple(violations)
        self.details = tuple(details)
        self.retry_after = retry_after
        self.headers = dict(headers or {})

    def __init_subclass__(cls, type: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        words = "".join(f" {c.lower()}" if c.isupper() else c for c in cls.__name__).strip()
        cls.type = type or words.replace(" ", "-")
        cls.title = words.capitalize()

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later without any change."""
        return self.wire.retryable

    def problem(self, instance: str) -> dict[str, Any]:
        """The error as RFC 9457 problem details; `instance` identifies the request."""
        problem: dict[str, Any] = {
            "type": PROBLEM_TYPES + self.type,
            "title": self.title,
            "status": self.wire.http,
            "detail": self.detail,
            "instance": instance,
            "code": self.wire.code,
            "retryable": self.retryable,
        }
        if self.violations:
            problem["errors"] = [{"pointer": v.pointer, "rule": v.rule, "detail": v.detail} for v in self.violations]
        return problem


class InvalidArgument(Error):
    """The request is wrong, whatever the state of the service."""


class SchemaViolation(InvalidArgument):
    """The body can be read, but breaks the contract's schema."""


class IdempotencyKeyReused(InvalidArgument):
    """The same Idempotency-Key came with another request."""


class NotAcceptable(InvalidArgument):
    """No media type the caller accepts can be given."""


class UnsupportedMediaType(InvalidArgument):
    """The body's media type is not in the contract."""


class OutOfRange(Error):
    """A position past the end: unlike InvalidArgument, it may become right."""


class Unauthenticated(Error):
    """No valid credentials."""


class PermissionDenied(Error):
    """The caller is known and may not."""


class NotFound(Error):
    """There is no such thing, or the caller may not know of it."""


class AlreadyExists(Error):
    """The thing to be created is there."""


class FailedPrecondition(Error):
    """The state forbids it until somebody changes the state."""


class Aborted(Error):
    """Lost against a concurrent call; try the whole again."""


class Conflict(Aborted):
    """The version that the caller has seen is no longer the current one."""


class IdempotencyKeyInUse(Aborted):
    """The first call with this Idempotency-Key is still running."""


class ResourceExhausted(Error):
    """Too much: a quota, a rate, or the service's own limit."""


class PayloadTooLarge(ResourceExhausted):
    """The body is larger than the service reads."""


class DeadlineExceeded(Error):
    """The time was over; the effect may have happened."""


class Cancelled(Error):
    """The caller gave up."""


class Unavailable(Error):
    """Not now: starting, draining, or a dependency is away."""


class Unimplemented(Error):
    """The operation does not exist here."""


class MethodNotAllowed(Unimplemented):
    """The path exists, with other methods."""


class Internal(Error):
    """A fault of the service."""


class DataLoss(Error):
    """Data is lost or corrupt."""


class Unknown(Error):
    """An error of which nothing is known."""


TABLE: Mapping[type[Error], Wire] = {
    InvalidArgument: Wire("invalid_argument", 3, 400, False),
    SchemaViolation: Wire("invalid_argument", 3, 422, False),
    IdempotencyKeyReused: Wire("invalid_argument", 3, 422, False),
    NotAcceptable: Wire("invalid_argument", 3, 406, False),
    UnsupportedMediaType: Wire("invalid_argument", 3, 415, False),
    OutOfRange: Wire("out_of_range", 11, 400, False),
    Unauthenticated: Wire("unauthenticated", 16, 401, False),
    PermissionDenied: Wire("permission_denied", 7, 403, False),
    NotFound: Wire("not_found", 5, 404, False),
    AlreadyExists: Wire("already_exists", 6, 409, False),
    FailedPrecondition: Wire("failed_precondition", 9, 400, False),
    Aborted: Wire("aborted", 10, 409, True),
    Conflict: Wire("aborted", 10, 409, True),
    IdempotencyKeyInUse: Wire("aborted", 10, 409, True),
    ResourceExhausted: Wire("resource_exhausted", 8, 429, True),
    PayloadTooLarge: Wire("resource_exhausted", 8, 413, False),
    DeadlineExceeded: Wire("deadline_exceeded", 4, 504, True),
    Cancelled: Wire("canceled", 1, 499, False),
    Unavailable: Wire("unavailable", 14, 503, True),
    Unimplemented: Wire("unimplemented", 12, 501, False),
    MethodNotAllowed: Wire("unimplemented", 12, 405, False),
    Internal: Wire("internal", 13, 500, False),
    DataLoss: Wire("data_loss", 15, 500, False),
    Unknown: Wire("unknown", 2, 500, False),
}
"""The one mapping to the outside. A class that is not in it has its nearest ancestor's row."""

for _class, _wire in TABLE.items():
    _class.wire = _wire

_BY_CODE = {wire.code: kind for kind, wire in TABLE.items() if kind.__base__ is Error}


def from_code(code: str, detail: str = "") -> Error:
    """The error that a caller sees for a code on the wire (Connect's spelling); Unknown for one that is not ours."""
    return _BY_CODE.get(code, Unknown)(detail)
