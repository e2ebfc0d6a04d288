"""The rules for what creators say about videos.

They hold on every protocol; REST callers meet the OpenAPI schema first.
"""

from __future__ import annotations

import re

from tenon_runtime import errors

from api.catalog.v1 import TitleVerdict, VideoDetails

MAX_DESCRIPTION = 5000
MAX_TAGS = 10
MAX_REASON = 500

_HIDDEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060\\u2066-\\u2069\\ufeff]")
"""Control characters, line breaks, invisible spaces, and what changes the direction of writing."""
_TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
_LANGUAGE = re.compile(r"([a-z]{2,3}(-[A-Z]{2})?)?")
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
    """The details with a trimmed title. Raises `errors.SchemaViolation` naming the first field that breaks a rule."""
    if details is None:
        raise _violation("", "required", "details are needed")
    title = details.title.strip()
    verdict, advice = judge_title(title)
    if verdict is not TitleVerdict.OK:
        raise _violation("/title", "title", advice)
    if len(details.description) > MAX_DESCRIPTION or "\0" in details.description:
        raise _violation("/description", "maxLength", f"use at most {MAX_DESCRIPTION} characters of text")
    if len(details.tags) > MAX_TAGS or len(set(details.tags)) < len(details.tags):
        raise _violation("/tags", "maxItems", f"use at most {MAX_TAGS} different tags")
    for i, tag in enumerate(details.tags):
        if not _TAG.fullmatch(tag):
            raise _violation(f"/tags/{i}", "pattern", "use 1 to 30 of a-z, 0-9 and hyphen")
    if not _LANGUAGE.fullmatch(details.language):
        raise _violation("/language", "pattern", 'use a short BCP 47 tag: "de", "pt-BR"')
    return VideoDetails(title=title, description=details.description, tags=details.tags, language=details.language)


def check_reason(reason: str, *, needed: bool) -> str:
    """A moderator's reason, trimmed. Raises `errors.SchemaViolation`."""
    reason = reason.strip()
    if needed and not reason:
        raise _violation("/reason", "required", "tell the creator what to change")
    if len(reason) > MAX_REASON or "\0" in reason:
        raise _violation("/reason", "maxLength", f"use at most {MAX_REASON} characters of text")
    return reason


def _violation(pointer: str, rule: str, detail: str) -> errors.SchemaViolation:
    return errors.SchemaViolation(detail, violations=[errors.Violation(pointer, rule, detail)])
