"""A protobuf field has another name, or another name in JSON.

Binary data does not know names, but JSON and code do. Who breaks: clients that send JSON with the old name, which is
refused as unknown; clients that wait for the old name in answers; and code that was written against the generated
field.

**How it is decided.** Messages with the field set are written as JSON with one release and read with the other by
Google's protobuf. A renamed field whose `json_name` stays reads the same; only generated code changes then. That the
field *means* the same under its new name is taken for granted: its number and type are the same.

**Before and after.** `string user_id = 1;` became `string account_id = 1;`: `{"userId": "7"}` is refused.

**How to do it safely.** Write `[json_name = "userId"]` beside the new name to keep JSON as it was; for code, add a new
field and retire the old one.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import reading
from tenon.gate.kinds.protobuf.facts import moved, same_type
from tenon.gate.kinds.protobuf.judge import of_trial, source, tried
from tenon.gate.kinds.protobuf.pairs import FieldPair
from tenon.gate.verdict import Change

ON = (FieldPair,)
_BUF = ("FIELD_SAME_NAME", "FIELD_SAME_JSON_NAME", "FIELD_NO_DELETE")


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """JSON and the generated code."""
    old, new = pair.old, pair.new
    if old is None or new is None or moved(pair) is not None:
        return
    if old.json_name != new.json_name and same_type(pair):
        trial = tried(pair, reading.JSON)
        if trial is not None:
            what = f"field {old.number} is `{new.json_name}` in JSON and was `{old.json_name}`"
            yield of_trial(pair, trial, what, f'write `[json_name = "{old.json_name}"]` at the field', *_BUF)
    if old.name != new.name:
        yield source(
            pair.sides, pair.name, f"field {old.number} is called `{new.name}` and was `{old.name}`",
            f"keep the name `{old.name}`", f"`{old.name}` is generated", f"`{new.name}` is generated",
            pair.places, *_BUF, detail="name",
        )  # fmt: skip
