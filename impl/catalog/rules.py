"""The rules for what creators say about videos that the contract cannot say: its own are judged before."""

from __future__ import annotations

import re

from tenon_runtime import errors

from api.catalog.v1 import TitleVerdict, VideoDetails

_HIDDEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060\\u2066-\\u2069\\ufeff]")
"""Control characters, line breaks, invisible spaces, and what changes the direction of writing."""
_ADVICE = {
    TitleVerdict.OK: "",
    TitleVerdict.TOO_SHORT: "use at least 3 characters",
    TitleVerdict.TOO_LONG: "use at most 100 characters",
    TitleVerdict.SHOUTING: "use small letters too, and fewer exclamation marks",
    TitleVerdict.UNPRINTABLE: "leave out characters that are not shown",
}


def judge_title(title: str) -> tuple[TitleVerdict, str]:
    """What the rules say about a title without surrounding spaces, and what to change."""
    letters = [c for c in title if c.lower() != c.upper()]
    if _HIDDEN.search(title):
        verdict = TitleVerdict.UNPRINTABLE
    elif len(title) < 3:
        verdict = TitleVerdict.TOO_SHORT
    elif len(title) > 100:
        verdict = TitleVerdict.TOO_LONG
    elif "!!" in title or (len(letters) > 5 and all(c.isupper() for c in letters)):
        verdict = TitleVerdict.SHOUTING
    else:
        verdict = TitleVerdict.OK
    return verdict, _ADVICE[verdict]


def check(details: VideoDetails | None) -> VideoDetails:
    """The details with a trimmed title. Raises `errors.SchemaViolation` naming the title when it breaks a rule."""
    details = details or VideoDetails()
    title = details.title.strip()
    verdict, advice = judge_title(title)
    if verdict is not TitleVerdict.OK:
        raise _violation("/title", "title", advice)
    return VideoDetails(title=title, description=details.description, tags=details.tags, language=details.language)


def check_reason(reason: str, *, needed: bool) -> str:
    """A moderator's reason, trimmed. Raises `errors.SchemaViolation` where it is `needed` and empty."""
    reason = reason.strip()
    if needed and not reason:
        raise _violation("/reason", "required", "tell the creator what to change")
    return reason


def _violation(pointer: str, rule: str, detail: str) -> errors.SchemaViolation:
    return errors.SchemaViolation(detail, violations=[errors.Violation(pointer, rule, detail)])
