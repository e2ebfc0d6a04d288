"""Logs, metrics and traces of a service, from its first minute."""
