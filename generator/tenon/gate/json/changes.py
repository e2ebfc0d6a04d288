"""What the gate says of two schemas: one change for each cause, with the body that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tenon.gate.documents import canonical
from tenon.gate.json import words
from tenon.gate.json.causes import Cause, Found, find
from tenon.gate.json.compare import Comparer, Difference
from tenon.gate.json.site import FILES, Site
from tenon.gate.json.view import Opaque, View
from tenon.gate.json.witness import JUDGES, Builder, Replay, good, replay
from tenon.gate.verdict import Change, Direction, Role, Witness, breaking, safe, unproven

_MAX_ATTEMPTS = 5
_MAX_WHOLE = 3
_ILL = (RecursionError, AttributeError, KeyError, IndexError, TypeError, ValueError)


@dataclass
class Exchange:
    """One direction in which data of two documents travels. Remembers every cause that it judged."""

    comparer: Comparer
    sender_is_new: bool
    direction: Direction
    role: Role
    found: dict[Any, Found] = field(default_factory=dict)
    proofs: dict[Any, Replay | None] = field(default_factory=dict)
    attempts: dict[Any, int] = field(default_factory=dict)
    settled: dict[Any, Any] = field(default_factory=dict)
    told: dict[tuple[int, str], list[Change]] = field(default_factory=dict)
    doubted: dict[Any, int] = field(default_factory=dict)
    """Differences that depend on what stands around them, and how often they were met."""

    def judge(self, subject: str, old: Site, new: Site, thing: str = "") -> Iterator[Change]:
        """Every change between two schemas that `subject` uses. `thing`: what is exchanged, ``requests``."""
        sent, taken = (new, old) if self.sender_is_new else (old, new)
        said = words.Phrase(self.direction, self.sender_is_new, thing or words.THINGS[self.direction])
        try:
            region = self.comparer.root(sent, taken)
            numbers = self.comparer.numbers(region)
            if all((number, said.thing) in self.told for number in numbers):
                for number in numbers:  # the same causes in components: one more that they reach
                    yield from (replace(change, affects=(subject,)) for change in self.told[number, said.thing])
                return
            differences = list(self.comparer.differences(region))
        except Opaque as error:
            yield self._undecided(subject, said, old, new, str(error))
            return
        except _ILL as error:  # the last net below whoever writes schemas that are none
            yield self._undecided(subject, said, old, new, f"a schema is not written as one ({type(error).__name__})")
            return
        for number, each in differences:
            key = (number, said.thing)
            if key not in self.told:
                try:
                    changes = list(self._at(each, subject, said, sent, taken))
                except _ILL as error:
                    reason = f"a schema is not written as one ({type(error).__name__})"
                    yield self._undecided(subject, said, old, new, reason)
                    continue
                if each.key not in self.doubted and _component(each.sender if self.sender_is_new else each.receiver):
                    self.told[key] = changes
                yield from changes
            else:
                yield from (replace(change, affects=(subject,)) for change in self.told[key])

    def _at(self, each: Difference, subject: str, said: words.Phrase, sent: Site, taken: Site) -> Iterator[Change]:
        key = each.key
        if each.settled:
            self.found[key] = Found(())
        elif key not in self.found:
            try:
                self.found[key] = find(self.comparer.judge, *self.comparer.question(each))
            except Opaque as error:
                self.found[key] = Found((), str(error))
        found = self.found[key]
        places = each.places
        old, new = places[::-1] if self.sender_is_new else places
        holder = each.receiver if not self.sender_is_new else each.sender
        named = _component(holder)
        path = words.path(each.inside if named else each.steps, 1 if self.sender_is_new else 2)
        title = named or subject
        common = {"direction": self.direction, "role": self.role, "old": old, "new": new, "affects": (subject,)}
        doubtful = []
        for cause in found.causes:
            proof = self._proof(each, cause, sent, taken)
            if proof is None:
                doubtful.append(cause)
                continue
            spot = words.join(path, cause.path)
            yield _placed(
                breaking(
                    title,
                    said.broken(cause, spot),
                    said.remedy(cause),
                    detail=" ".join(filter(None, (words.pointer(spot), cause.keyword, cause.token))),
                    witness=Witness("json", words.cut(proof.value), "accepted", proof.after, JUDGES),
                    example=words.example(old, new, cause),
                ),
                common,
            )
        if (doubtful or found.reason) and each.around is not None:
            self.doubted[key] = self.doubted.get(key, 0) + 1
            yield from self._at(each.around, subject, said, sent, taken)
        elif found.reason:
            yield _placed(
                unproven(title, said.doubt(path, found.reason), words.UNDECIDED, detail=words.pointer(path)), common
            )
        elif doubtful:
            yield from self._whole(each, subject, said, sent, taken, common)
        elif not found.causes:
            summary = self._summary(old, new)
            if summary:
                yield _placed(safe(title, f"{summary}: {said.harmless}", detail=words.pointer(path)), common)

    def _summary(self, old: Site, new: Site) -> str:
        """What a harmless difference is; empty where only the words differ."""
        comparer = self.comparer
        flat = []
        for site in (old, new):
            if not site.there:
                return ""
            view = comparer.sender if site.root is comparer.sender.root else comparer.receiver
            plain = View(site.root, view.dialect, view.absent, formats=True)
            try:
                flat.append(Builder(plain, comparer.judge)._flat(plain.of(site), []))
            except Opaque:
                return ""
        before, after = ({key: each[key] for key in words.FACETS & each.keys()} for each in flat)
        ask = comparer.judge.ask
        same = canonical(before) == canonical(after) or (ask(before, after).proved and ask(after, before).proved)
        return words.summary(flat[0], flat[1], same)

    def _proof(self, each: Difference, cause: Cause, sent: Site, taken: Site) -> Replay | None:
        """The first root's body that shows the cause; None where none was found yet."""
        key = (each.key, cause.keyword, cause.token, cause.path)
        if self.proofs.get(key) is None and self.attempts.get(key, 0) < _MAX_ATTEMPTS:
            self.attempts[key] = self.attempts.get(key, 0) + 1
            comparer = self.comparer
            try:
                root = comparer.sender.of(sent)
                for rich in (False, True):
                    builder = Builder(comparer.sender, comparer.judge, rich)
                    body = builder.around(root, each.steps, cause.instance, each.sent)
                    self.proofs[key] = self.replayed(sent, taken, body, cause.keyword, cause.token)
                    if self.proofs[key] is not None:
                        break
            except (Opaque, RecursionError, KeyError, IndexError, TypeError):
                self.proofs[key] = None
        return self.proofs.get(key)

    def replayed(self, sent: Site, taken: Site, body: Any, keyword: str = "", token: str = "") -> Replay | None:
        """What the judges say of a body at the two roots."""
        sender, receiver = self.comparer.sender, self.comparer.receiver
        opened = self.comparer.opened
        if sender.closed and not good(opened, opened.of(sent), body):
            return None  # it is good only where more is forbidden than is written
        return replay(sender, sender.of(sent), receiver, receiver.of(taken), body, keyword, token)

    def _whole(
        self,
        each: Difference,
        subject: str,
        said: words.Phrase,
        sent: Site,
        taken: Site,
        common: dict[str, Any],
    ) -> Iterator[Change]:
        """What did not show itself at its place is asked of the whole: there may be more around that decides."""
        sender, receiver = self.comparer.sender, self.comparer.receiver
        key = (sent.keys, taken.keys)
        self.doubted[each.key] = self.doubted.get(each.key, 0) + 1
        if key not in self.settled and self.doubted[each.key] > _MAX_WHOLE:
            self.settled[key] = (False, None, "too many places depend on it")
        if key not in self.settled:
            try:
                root = Difference(sender.of(sent), receiver.of(taken), (), sent, taken)
                answer = self.comparer.judge.ask(*self.comparer.question(root))
                self.settled[key] = (answer.proved, answer.witness if answer.refuted else None, answer.reason)
            except (Opaque, RecursionError) as error:
                self.settled[key] = (False, None, str(error))
        proved, body, why = self.settled[key]
        if proved:
            return
        path = words.path(each.steps, 1 if self.sender_is_new else 2)
        proof = None if body is None else self.replayed(sent, taken, body)
        if proof is not None:
            cause = Cause(proof.keyword, "", proof.path, body, proof.after)
            path = words.join((), proof.path)
            yield _placed(
                breaking(
                    subject,
                    said.broken(cause, path),
                    said.remedy(cause),
                    detail=" ".join(filter(None, (words.pointer(path), proof.keyword))),
                    witness=Witness("json", words.cut(proof.value), "accepted", proof.after, JUDGES),
                ),
                common,
            )
            return
        yield _placed(
            unproven(
                subject,
                said.doubt(path, why or "the parts that differ depend on each other"),
                words.UNDECIDED,
                detail=words.pointer(path),
            ),
            common,
        )

    def _undecided(self, subject: str, said: words.Phrase, old: Site, new: Site, reason: str) -> Change:
        common = {"direction": self.direction, "role": self.role, "old": old, "new": new, "affects": (subject,)}
        return _placed(unproven(subject, said.doubt((), reason), words.UNDECIDED), common)


def _placed(change: Change, common: dict[str, Any]) -> Change:
    places = {side: common[side].location for side in ("old", "new")}
    return replace(change, **{**common, **places})


def _component(site: Site) -> str:
    """``schema Creator`` for a component that has a name; empty for what stands inside an operation."""
    keys = site.keys
    if len(keys) == 3 and keys[0] == "components":
        return f"{str(keys[1]).removesuffix('s')} {keys[2]}"
    if keys and keys[0] == FILES:
        return f"schema {keys[-1]}"
    if len(keys) == 2 and keys[0] in ("definitions", "$defs"):
        return f"schema {keys[1]}"
    return ""
