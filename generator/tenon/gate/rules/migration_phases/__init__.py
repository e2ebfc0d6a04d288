"""A change of schema is spread over releases: expand, backfill, contract.

A step that adds (a table, a nullable column, an index) disturbs nobody. A step that takes away or tightens is safe only
when no released code depends on what goes. Both in one release leave no moment at which the old and the new code can
both run.

**Who breaks.** The old release's instances while the new one goes out, and everybody on a rollback; and during a
backfill that updates a whole table in one statement everybody who waits for its row locks.

**How it is decided.** Every statement of the new files is sorted into expand, backfill, verify or contract. `safe`:
what the file does, in words; a contract step is called safe only when no query of the old release that is refused or
reads differently speaks of it (those are reported by `migration-queries`). `policy`: one release adds and takes away
the same object: a column is renamed, or made required in the release that adds it, or dropped in the release that
copies it to its successor; and an UPDATE or DELETE without a bound. Tables that the same release creates are nobody's
yet.

Before, after:

    ALTER TABLE videos ADD COLUMN heading text;
    UPDATE videos SET heading = title;                 -- every row, in one transaction
    ALTER TABLE videos DROP COLUMN title;              -- in the release that still reads it

**Do it safely.** Add `heading` and write both; backfill in batches (`WHERE id > … AND id <= …`, one transaction each);
read `heading`; drop `title` one release later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.migrations.pairs import Release
from tenon.gate.kinds.migrations.statements import Phase, Step
from tenon.gate.verdict import Bump, Change, Direction, Role, policy, safe

ON = (Release,)

_ORDER = (Phase.EXPAND, Phase.BACKFILL, Phase.VERIFY, Phase.CONTRACT)


def judge(pair: Release, context: Context) -> Iterator[Change]:
    by_file: dict[str, list[Step]] = {}
    for file, at, step in pair.steps:
        common = {"direction": Direction.STORED, "role": Role.SERVICE, "new": at, "detail": step.what}
        subject = f"migration {pair.service}/{file}"
        if step.whole and step.table not in pair.created:
            yield policy(
                subject, f"{step.what} all at once: every row stays locked until the last one is done",
                "do it in batches of some thousand rows, each in a transaction of its own", **common,
            )  # fmt: skip
        elif said := _both(step, pair):
            yield policy(
                subject,
                said,
                "spread it over releases: add and write both, backfill, read the new, then take the old away",
                **common,
            )
        elif not _hurts(step, pair):
            by_file.setdefault(file, []).append(step)
    for file, steps in by_file.items():
        at = next(at for name, at, _ in pair.steps if name == file)
        for phase in _ORDER:
            if found := [step.what for step in steps if step.phase is phase]:
                nobody = ", and no query of the old release needs what goes" if phase is Phase.CONTRACT else ""
                yield safe(
                    f"migration {pair.service}/{file}", f"{phase.value}: {_listed(found)}{nobody}", new=at,
                    direction=Direction.STORED, detail=phase.value,
                    bump=Bump.MINOR if phase is Phase.EXPAND else Bump.PATCH,
                )  # fmt: skip


def _both(step: Step, pair: Release) -> str:
    """What is wrong with a step that takes away what the same release adds, or copies elsewhere."""
    if step.phase is not Phase.CONTRACT or step.table in pair.created:
        return ""
    if step.what.startswith("renames"):
        return f"{step.what} in one step: the old release knows only the old name, the new one only the new name"
    added = {
        other.column
        for _, _, other in pair.steps
        if other.phase is Phase.EXPAND and other.table == step.table and other.column
    }
    if step.column in added:
        return f"{step.what} in the release that adds it: no released code writes it yet"
    words = pair.linked.get(step.table, frozenset())
    if step.what.startswith("drops column") and step.column in words and added & words:
        return f"{step.what} in the release that copies it to its successor: nobody has moved yet"
    if step.what.startswith("drops table") and any(
        step.table in words for table, words in pair.linked.items() if table in pair.created
    ):
        return f"{step.what} in the release that copies it to its successor: nobody has moved yet"
    return ""


def _hurts(step: Step, pair: Release) -> bool:
    if step.phase is not Phase.CONTRACT:
        return False
    return frozenset(re.findall(r"\w+", step.table.lower())) <= pair.hurt


def _listed(words: list[str]) -> str:
    shown = list(dict.fromkeys(words))
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")
