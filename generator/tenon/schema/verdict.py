"""The three answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Proved:
    """It is so, for every JSON value. `note` says what was translated first, if anything was."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Refuted:
    """It is not so: `witness` belongs to the left set and not to the right one, as two validators confirm.

    `path` is the JSON pointer of the part of the witness that the right schema refuses, `keyword` the keyword that
    refuses it, `schema_path` the JSON pointer of that keyword.
    """

    witness: Any
    path: str = ""
    keyword: str = ""
    schema_path: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unproven:
    """It is not known; `reason` begins with the keyword that stands in the way where there is one."""

    reason: str
    note: str = ""


Verdict: TypeAlias = Proved | Refuted | Unproven
