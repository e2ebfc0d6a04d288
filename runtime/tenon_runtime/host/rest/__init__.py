"""The REST face: requests judged by the OpenAPI document before any handler sees them, errors as RFC 9457 problems."""

from tenon_runtime.host.rest.host import RestHost

__all__ = ["RestHost"]
