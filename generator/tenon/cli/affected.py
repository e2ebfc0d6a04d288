"""`tenon affected`."""

from __future__ import annotations

import argparse
from pathlib import Path

from tenon.cli.console import Console, printable
from tenon.gate.affected import KINDS, affected, changed
from tenon.gate.snapshot import BadBaseline

HELP = """\
What does a change touch? Lists the services, SDKs, tests, crates and docs to build again, so that CI builds only those.

A contract touches its own service, its SDKs, the services that receive its events and the contract tests; the runtime
every Python service; the generator whatever is generated; a crate those that are built on it. A file at the root, or
one that nothing is known of, touches everything.

  tenon affected --against origin/main                      for people
  tenon affected --against origin/main --format json        for a matrix
  tenon affected --against v1.4.0 --names services          one name a line, for a shell

exit codes: 0 listed (perhaps nothing) · 2 the command was wrong
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--against", required=True, metavar="REV", help="what to compare the working tree with")
    parser.add_argument("--names", choices=KINDS, help="print only the names of this kind, one a line")


def run(args: argparse.Namespace, console: Console) -> int:
    root = Path.cwd()
    try:
        files = changed(root, args.against)
    except BadBaseline as error:
        console.error(str(error))
        console.error("remedy: name a tag, branch or commit that exists here, such as origin/main")
        return 2
    found = affected(root, files)
    names = {kind: found.names(kind) for kind in KINDS}
    if args.names:
        for name in names[args.names]:
            console.say(printable(name))
        console.result({args.names: names[args.names]})
        return 0
    because = {kind: {name: sorted(found.targets[kind][name]) for name in names[kind]} for kind in KINDS}
    console.result({"against": args.against, "changed": len(files), **names, "because": because})
    console.say(f"{len(files)} changed file{'s' * (len(files) != 1)} since {printable(args.against)}")
    for kind in KINDS:
        for name, reasons in because[kind].items():
            more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
            console.say(f"  {kind:<9} {printable(name):<28} {console.paint(printable(reasons[0]) + more, 'dim')}")
    if not any(names.values()):
        console.say("  nothing has to be built")
    return 0
