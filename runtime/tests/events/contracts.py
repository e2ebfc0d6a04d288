"""Contracts of services that exist only in these tests."""

from __future__ import annotations

from tenon_runtime.spec import Api, Event, EventHandlers, Subscription


def event(domain: str, name: str, key: str | None = "order") -> Event:
    return Event(
        name=f"{domain}.{name}",
        subject=f"evt.{domain}.{{slot}}.{name}.v1",
        stream=f"EVT_{domain.upper()}",
        message=None,
        schema=f"#/components/schemas/{name}",
        key=key,
        ref=f"{domain}.asyncapi.yaml#{name}",
    )


def api(domain: str, sends: tuple[Event, ...] = (), receives: tuple[Event, ...] = ()) -> Api:
    class Handlers(EventHandlers):
        subscriptions = tuple(Subscription(each, f"on_{each.name}", each.ref) for each in receives)

    return Api(
        name=f"{domain}.v1",
        domain=domain,
        owner="",
        contracts="1",
        services=(),
        rest=None,
        rest_handlers=None,
        sends=sends,
        events_document=None,
        event_handlers=Handlers if receives else None,
    )
