"""Prometheus metrics of the call path.

``tenon_requests_total{operation, protocol, code}`` and ``tenon_request_seconds`` are what the alerts that are generated
from a contract's SLO read: their names are part of the platform's interface.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds. A contract's latency objective should be one of these, else it is judged by the next larger one."""


disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """One service's metrics; nothing is global, so that a test may run several services in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.requests = Counter(
            "tenon_requests_total", "Calls ended.", ("operation", "protocol", "code"), registry=self.registry
        )
        self.seconds = Histogram(
            "tenon_request_seconds",
            "How long calls took.",
            ("operation", "protocol"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge("tenon_requests_in_flight", "Calls being served.", registry=self.registry)
        self.response_violations = Counter(
            "tenon_response_violations_total",
            "Answers that break the contract.",
            ("operation",),
            registry=self.registry,
        )

    def page(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
