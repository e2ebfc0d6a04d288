"""Whether a removal was announced, and for how long."""

from __future__ import annotations

from datetime import date

from tenon.gate.context import Context
from tenon.gate.json.site import Site


def day(site: Site, *keys: str) -> date | None:
    """The first of these keys that holds a day, as YYYY-MM-DD or the start of a timestamp."""
    for key in keys:
        value = site.mapping.get(key)
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value)[:10])
        except ValueError:
            continue
    return None


def announced(site: Site, context: Context) -> str:
    """Why the removal of a deprecated thing is allowed by policy; empty where it is not."""
    days = context.policy.deprecation_days
    if not days or site.mapping.get("deprecated") is not True:
        return ""
    since = day(site, "x-deprecated-at", "x-deprecated-since")
    sunset = day(site, "x-sunset")
    if since is not None and (context.today - since).days >= days and (sunset is None or sunset <= context.today):
        return f"deprecated since {since.isoformat()}"
    if since is None and sunset is not None and sunset <= context.today:
        return f"its sunset was {sunset.isoformat()}"
    return ""
