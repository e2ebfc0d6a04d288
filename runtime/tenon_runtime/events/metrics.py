"""What Prometheus sees of a service's events."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class EventMetrics:
    """One service's; in a registry of its own or the given one."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self.published = Counter(
            "tenon_events_published_total", "Events acknowledged by the log.", ["stream"], registry=registry
        )
        self.handled = Counter(
            "tenon_events_handled_total",
            "Deliveries by outcome: done, skipped (nobody here wants it), repeated, early, failed, parked.",
            ["source", "outcome"],
            registry=registry,
        )
        self.redelivered = Counter(
            "tenon_events_redelivered_total", "Deliveries beyond the first.", ["source"], registry=registry
        )
        self.lag = Gauge("tenon_outbox_lag", "Events that wait to be published, at most 10000.", registry=registry)
