"""Request bodies: JSON, forms, multipart, text and bytes, read within limits and judged by the contract's schema."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenon_runtime import errors
from tenon_runtime.errors import Violation
from tenon_runtime.host.asgi import Receive
from tenon_runtime.host.rest import strict_json
from tenon_runtime.host.rest.document import Document, escape
from tenon_runtime.host.rest.parameters import MISSING, Shape, decode, pairs_of, scalar
from tenon_runtime.host.rest.schema import Schema, Schemas

MAX_EXPANSION = 10
"""How many times larger a body may get by decompression."""
MAX_PARTS = 200

_PARAMETER = re.compile(r';\s*([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


@dataclass(frozen=True, slots=True)
class Media:
    """One media type that an operation takes."""

    kind: str
    """``json``, ``form``, ``multipart``, ``text`` or ``bytes``."""
    shape: Shape
    schema: Schema | None
    parts: Mapping[str, str]
    """For multipart: the media types that the contract gives to parts by name."""


@dataclass(frozen=True, slots=True)
class Body:
    """What an operation takes as body."""

    required: bool
    media: Mapping[str, Media]
    """By media type or range (``image/*``), in lower case."""

    def read(self, content_type: str, body: bytes) -> Any:
        """The value, or MISSING where there is none.

        Raises `errors.UnsupportedMediaType`, `errors.InvalidArgument` when it cannot be read, and
        `errors.SchemaViolation`.
        """
        if not body and (not content_type or not self.required):
            if self.required:
                raise errors.InvalidArgument(
                    "a body is needed", violations=[Violation("", "required", "the body is missing")]
                )
            return MISSING
        name = content_type.partition(";")[0].strip().lower()
        media = self.media.get(name) or self.media.get(name.partition("/")[0] + "/*") or self.media.get("*/*")
        if media is None:
            accepted = ", ".join(self.media)
            raise errors.UnsupportedMediaType(
                f"the body must be {accepted}", headers={"accept-post": accepted, "accept": accepted}
            )
        try:
            value = _READERS[media.kind](media, content_type, body)
        except strict_json.NotJson as error:
            rule = "json" if media.kind == "json" else media.kind
            raise errors.InvalidArgument(
                "the body cannot be read", violations=[Violation("", rule, str(error))]
            ) from None
        if media.schema is not None:
            faults = media.schema.check(value if media.kind == "json" else _judged(value))
            if faults:
                raise errors.SchemaViolation("the body breaks the contract's schema", violations=faults)
        return value


async def receive_body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """The whole body, decompressed. Raises `errors.PayloadTooLarge`, `errors.UnsupportedMediaType`,
    `errors.InvalidArgument`, and `errors.Cancelled` when the caller went away."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise errors.PayloadTooLarge(f"a body has at most {limit} bytes")
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise errors.Cancelled("the caller went away")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise errors.PayloadTooLarge(f"a body has at most {limit} bytes")
        chunks.append(chunk)
        more = message.get("more_body", False)
    body = b"".join(chunks)
    encoding = headers.get("content-encoding", "identity").strip().lower()
    return body if encoding == "identity" or not body else _inflate(body, encoding, limit)


def _inflate(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding not in ("gzip", "deflate"):
        raise errors.UnsupportedMediaType(f"{encoding} is not understood", headers={"accept-encoding": "gzip, deflate"})
    most = min(limit, len(body) * MAX_EXPANSION)
    inflater = zlib.decompressobj(wbits=47 if encoding == "gzip" else 15)
    try:
        plain = inflater.decompress(body, most + 1)
    except zlib.error:
        raise errors.InvalidArgument(f"the body is not {encoding}") from None
    if len(plain) > most:
        raise errors.PayloadTooLarge(f"a body grows to at most {MAX_EXPANSION} times its size and {limit} bytes")
    if not inflater.eof:
        raise errors.InvalidArgument(f"the body's {encoding} is cut off")
    return plain


def compile_body(document: Document, schemas: Schemas, pointer: str) -> Body | None:
    """The body of the operation at `pointer`; None when it takes none."""
    if "requestBody" not in document.at(pointer):
        return None
    at, value = document.follow(f"{pointer}/requestBody")
    media = {}
    for name, entry in value.get("content", {}).items():
        schema = f"{at}/content/{escape(name)}/schema" if "schema" in entry else None
        kind = kind_of(name)
        # Bytes are no JSON: whatever the schema says of them, there is nothing to judge.
        judged = schemas.at(schema) if schema is not None and kind != "bytes" else None
        parts = {part: e.get("contentType", "") for part, e in entry.get("encoding", {}).items()}
        media[name.partition(";")[0].strip().lower()] = Media(kind, _shape(document, schema), judged, parts)
    return Body(bool(value.get("required", False)), media)


def kind_of(media_type: str) -> str:
    """How a body of this type is read."""
    name = media_type.partition(";")[0].strip().lower()
    if name == "application/json" or name.endswith("+json"):
        return "json"
    if name == "application/x-www-form-urlencoded":
        return "form"
    if name == "multipart/form-data":
        return "multipart"
    return "text" if name.startswith("text/") else "bytes"


def _shape(document: Document, schema: str | None) -> Shape:
    if schema is None:
        return Shape(frozenset(), frozenset(), {}, {})
    return Shape.of(document, schema)


def _read_json(media: Media, content_type: str, body: bytes) -> Any:
    return strict_json.parse(body)


def _read_text(media: Media, content_type: str, body: bytes) -> Any:
    try:
        return body.decode(_parameters(content_type).get("charset", "utf-8"))
    except (UnicodeDecodeError, LookupError) as error:
        raise strict_json.NotJson(str(error)) from None


def _read_bytes(media: Media, content_type: str, body: bytes) -> Any:
    return body


def _read_form(media: Media, content_type: str, body: bytes) -> Any:
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError:
        raise strict_json.NotJson("a form is percent-encoded ASCII") from None
    return _gather(media, [(name, decode(raw), "") for name, raw in pairs_of(text)])


def _read_multipart(media: Media, content_type: str, body: bytes) -> Any:
    boundary = _parameters(content_type).get("boundary", "")
    if not 0 < len(boundary) <= 70:
        raise strict_json.NotJson("the boundary is missing or too long")
    delimiter = b"\r\n--" + boundary.encode("latin-1")
    sections = (b"\r\n" + body).split(delimiter)
    if len(sections) < 2 or not sections[-1].startswith(b"--"):
        raise strict_json.NotJson("the last boundary is missing")
    if len(sections) - 2 > MAX_PARTS:
        raise strict_json.NotJson(f"more than {MAX_PARTS} parts")
    fields: list[tuple[str, Any, str]] = []
    for section in sections[1:-1]:
        # After the boundary comes optional white space and a line end, then headers, an empty line, the content.
        head, found, content = section.partition(b"\r\n\r\n")
        if not found:
            raise strict_json.NotJson("a part has no end of its headers")
        fields.append(_part(media, head.decode("utf-8", "replace"), content))
    return _gather(media, fields)


def _part(media: Media, head: str, content: bytes) -> tuple[str, Any, str]:
    headers = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in head.split("\r\n"))}
    disposition = _parameters(headers.get("content-disposition", ""))
    if "name" not in disposition:
        raise strict_json.NotJson("a part has no name")
    name = disposition["name"]
    declared = headers.get("content-type", "") or media.parts.get(name, "")
    kind = kind_of(declared) if declared else "text"
    if kind == "json":
        return name, strict_json.parse(content), "json"
    if "filename" in disposition or kind != "text":
        return name, content, "bytes"
    return name, _read_text(media, declared, content), ""


def _gather(media: Media, fields: list[tuple[str, Any, str]]) -> dict[str, Any]:
    """Fields as one object: repeated ones are lists where the schema says so, texts become what it allows."""
    value: dict[str, Any] = {}
    for name, content, kind in fields:
        types = media.shape.properties.get(name, frozenset({"string"}))
        if name in media.shape.lists and not isinstance(content, list):
            value.setdefault(name, []).append(content if kind else scalar(content, media.shape.lists[name]))
        elif name in value:
            raise strict_json.NotJson(f"{name} is there twice")
        elif not kind and "object" in types and "string" not in types:
            value[name] = strict_json.parse(content.encode())
        else:
            value[name] = content if kind else scalar(content, types)
    return value


def _judged(value: Any) -> Any:
    """The value as a schema can see it: bytes as text of the same length."""
    match value:
        case bytes():
            return value.decode("latin-1")
        case dict() if any(isinstance(inner, (bytes, list)) for inner in value.values()):
            return {name: _judged(inner) for name, inner in value.items()}
        case list() if any(isinstance(inner, bytes) for inner in value):
            return [_judged(inner) for inner in value]
    return value


def _parameters(header: str) -> dict[str, str]:
    """The parameters after a header's value: ``text/plain; charset=utf-8``."""
    return {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
        for name, quoted, plain in _PARAMETER.findall(header)
    }


_READERS: Mapping[str, Callable[[Media, str, bytes], Any]] = {
    "json": _read_json,
    "form": _read_form,
    "multipart": _read_multipart,
    "text": _read_text,
    "bytes": _read_bytes,
}
