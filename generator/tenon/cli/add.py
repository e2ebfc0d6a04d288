"""`tenon add`."""

from __future__ import annotations

import argparse
import difflib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tenon import pipeline
from tenon.cli.console import Console
from tenon.config import Config, load
from tenon.edit import event, field, fields, migration, rest, rpc, starter
from tenon.edit.workspace import Refused, Workspace, refuse
from tenon.finding import Finding, Severity
from tenon.source import Location

HELP = """\
Add something to every contract file that it concerns, in place: comments and layout stay.

  tenon add domain orders
  tenon add rpc orders CancelOrder --rest "POST /v1/orders/{orderId}/cancellation" \\
      --field reason:string --returns order:Order
  tenon add event orders OrderCancelled --field order_id:string --field at:timestamp --receiver billing
  tenon add field orders.Order note:string
  tenon add migration orders "add note"

A field is name:type or name:type:comment. Types are protobuf's scalars, timestamp, duration, the package's messages
and enums, 'repeated T', 'optional T' and 'map<K, V>'.

Nothing is written unless the edited contracts read, resolve and agree. --dry-run shows the difference.
exit codes: 0 added · 1 refused (it exists, or the contracts would not hold) · 2 the command was wrong
"""

_NEXT = {
    "domain": "next: tenon generate",
    "rpc": "next: tenon generate && tenon todo",
    "event": "next: tenon generate && tenon todo",
    "field": "next: tenon generate",
    "migration": "next: write its SQL",
}


def configure(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", metavar="what", required=True)
    for name, about, options in (
        ("domain", "a bounded context with one small resource", _domain_options),
        ("rpc", "an RPC, its messages and its REST face", _rpc_options),
        ("event", "an event, sent and perhaps received", _event_options),
        ("field", "a field, in the message and in every REST schema of it", _field_options),
        ("migration", "the next migration of a service", _migration_options),
    ):
        sub = kinds.add_parser(name, help=about, description=f"Add {about}.")
        options(sub)
        sub.add_argument("--dry-run", action="store_true", help="show the difference, write nothing")


def _domain_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="in snake_case: orders")
    parser.add_argument("--resource", metavar="NOUN", help="what it keeps, in PascalCase (default: from the name)")
    parser.add_argument("--owner", metavar="TEAM", help="default: group:<name>")
    parser.add_argument("--public", action="store_true", help="no token is needed (default: <name>:read, :write)")


def _rpc_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("domain", help="orders or orders.v1")
    parser.add_argument("name", help="in PascalCase: CancelOrder")
    parser.add_argument("--service", metavar="NAME", help="which one, where the package has several")
    parser.add_argument("--rest", metavar='"METHOD PATH"', help="its REST face; parameters of the path become fields")
    parser.add_argument("--field", action="append", default=[], metavar="NAME:TYPE", help="of the request")
    parser.add_argument("--returns", action="append", default=[], metavar="NAME:TYPE", help="of the response")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--public", action="store_true", help="no token is needed")
    who.add_argument("--scope", action="append", default=[], metavar="SCOPE", help="that the caller's token must have")
    parser.add_argument("--idempotency", choices=rpc.IDEMPOTENCY, help="default: what HTTP says of the method")
    parser.add_argument("--stream", choices=rpc.STREAMS, help="which side streams")
    parser.add_argument("--comment", default="", metavar="TEXT", help="what it does")


def _event_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("domain", help="who sends it")
    parser.add_argument("name", help="what happened: OrderCancelled")
    parser.add_argument("--field", action="append", default=[], metavar="NAME:TYPE", help="of the event")
    parser.add_argument("--key", default="", metavar="FIELD", help="orders events (default: the first …_id)")
    parser.add_argument("--receiver", default="", metavar="DOMAIN", help="another domain that receives it")
    parser.add_argument("--comment", default="", metavar="TEXT", help="what happened")


def _field_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("message", help="orders.Order")
    parser.add_argument("field", metavar="NAME:TYPE")
    parser.add_argument("--number", type=int, metavar="N", help="default: the next free one")
    parser.add_argument("--personal", choices=fields.PERSONAL, help="it holds personal data of this kind")


def _migration_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("domain")
    parser.add_argument("name", help="what it does: 'add note'")


def run(args: argparse.Namespace, console: Console) -> int:
    root = Path.cwd()
    config, findings = load(root)
    if findings:
        console.findings(findings)
        return 2
    contracts = root / config.contracts
    if not contracts.is_dir():
        console.error(f"there is no {config.contracts}/ here: run this at the root of a repository")
        return 2
    model, findings = pipeline.load(contracts, config, config.contracts)
    if bad := _errors(findings):
        console.error("the contracts have errors already; first mend these:")
        return _refused(console, bad)
    workspace = Workspace(root, config.contracts, model)
    try:
        said = _EDITS[args.kind](workspace, args)
    except Refused as refused:
        return _refused(console, [refused.finding])
    changes = workspace.changes()
    if bad := _check(root, config, changes):
        console.error("nothing was written: with this edit the contracts would not hold")
        return _refused(console, bad)
    if not args.dry_run:
        write(root, changes)
    _tell(console, args, root, changes, said)
    return 0


def _tell(console: Console, args: argparse.Namespace, root: Path, changes: dict[str, str], said: list[str]) -> None:
    verb = "would add" if args.dry_run else "added"
    if args.dry_run:
        _print_difference(console, root, changes)
    console.result({"ok": True, "written": [] if args.dry_run else sorted(changes), "notes": said,
                    "files": changes if args.dry_run else {}})  # fmt: skip
    for file in sorted(changes):
        console.say(f"{verb}: {file}")
    for line in said:
        console.say(f"  {line}")
    if not args.dry_run:
        console.say(_NEXT[args.kind])


def _print_difference(console: Console, root: Path, changes: dict[str, str]) -> None:
    for file, text in changes.items():
        path = root / file
        old = path.read_text("utf-8") if path.exists() else ""
        names = (f"a/{file}" if path.exists() else "/dev/null", f"b/{file}")
        for line in difflib.unified_diff(old.splitlines(), text.splitlines(), *names, lineterm=""):
            hue = {"+": "green", "-": "red", "@": "blue"}.get(line[:1])
            console.say(console.paint(line, hue) if hue else line)


def _refused(console: Console, findings: list[Finding]) -> int:
    console.findings(findings)
    console.result({"ok": False, "written": [], "findings": [finding.as_json() for finding in findings]})
    return 1


def _errors(findings: list[Finding]) -> list[Finding]:
    return sorted({finding for finding in findings if finding.severity is Severity.ERROR})


def _check(root: Path, config: Config, changes: dict[str, str]) -> list[Finding]:
    """What would be wrong with the contracts after the edit; judged in a copy."""
    edited = {file: text for file, text in changes.items() if file.startswith(f"{config.contracts}/")}
    if not edited:
        return []
    with tempfile.TemporaryDirectory(prefix="tenon-add-") as scratch:
        copy = Path(scratch, config.contracts)
        shutil.copytree(root / config.contracts, copy)
        write(Path(scratch), edited)
        _, findings = pipeline.load(copy, config, config.contracts)
    return _errors(findings)


def write(root: Path, changes: dict[str, str]) -> None:
    """Write every file whole: a reader sees the old text or the new one."""
    for file, text in changes.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_bytes(text.encode())
        if path.exists():
            shutil.copymode(path, beside)
        os.replace(beside, path)


def _domain(workspace: Workspace, args: argparse.Namespace) -> list[str]:
    place = Location(f"{workspace.contracts}/{args.name}")
    if (workspace.root / place.file).exists():
        raise refuse(place, "exists", f"the domain {args.name} is there already", "choose another name")
    made = starter.files(args.name, args.resource, public=args.public, owner=args.owner)
    for file, text in made.items():
        workspace.create(f"{workspace.contracts}/{file}", text)
    return []


def _rpc(workspace: Workspace, args: argparse.Namespace) -> list[str]:
    return rpc.add(
        workspace,
        rpc.NewRpc(
            domain=args.domain,
            name=args.name,
            service=args.service,
            face=rest.parse_face(args.rest) if args.rest else None,
            fields=tuple(args.field),
            returns=tuple(args.returns),
            public=args.public,
            scopes=tuple(args.scope),
            idempotency=rpc.IDEMPOTENCY[args.idempotency] if args.idempotency else None,
            stream=args.stream,
            comment=args.comment,
        ),
    )


def _event(workspace: Workspace, args: argparse.Namespace) -> list[str]:
    return event.add(
        workspace,
        event.NewEvent(
            domain=args.domain,
            name=args.name,
            fields=tuple(args.field),
            key=args.key,
            receiver=args.receiver,
            comment=args.comment,
        ),
    )


def _field(workspace: Workspace, args: argparse.Namespace) -> list[str]:
    wanted = field.AddedField(message=args.message, given=args.field, number=args.number, personal=args.personal)
    return field.add(workspace, wanted)


def _migration(workspace: Workspace, args: argparse.Namespace) -> list[str]:
    return migration.add(workspace, args.domain, args.name)


_EDITS: dict[str, Callable[[Workspace, argparse.Namespace], list[str]]] = {
    "domain": _domain,
    "rpc": _rpc,
    "event": _event,
    "field": _field,
    "migration": _migration,
}
