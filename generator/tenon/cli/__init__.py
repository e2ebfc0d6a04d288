"""The `tenon` command. Only this package prints and exits.

Each command is a module here with `HELP`, `configure(parser)` and `run(args, console) -> exit code`; it is imported
only when it is called, so that a run with nothing to do stays instant.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from tenon.cli.console import Console

COMMANDS = {
    "generate": "make code from the contracts",
    "check": "is everything fresh, valid and within its layer?",
    "gate": "may these contracts be released? proved against what is released",
    "affected": "what does a change touch? for CI that builds only that",
    "todo": "what is left to implement, with the stub to paste",
    "add": "add a domain, RPC, event, field or migration to every file that it concerns",
    "new": "start a repository of your own",
    "up": "run the platform here, on embedded engines, and reload on edits",
    "demo": "run the whole platform through its real story, once",
    "doctor": "what this machine has, what is missing, and how to get it",
}

_EPILOG = """\
a first hour:
  tenon new shop && cd shop     a repository with one small domain, its tests and its Makefile
  tenon add rpc orders CancelOrder --public --rest "PUT /v1/orders/{orderId}/cancellation" --returns order:Order
  tenon generate                code for what the contracts now say
  tenon todo                    the methods you still have to write
  tenon up                      everything running; edits reload

exit codes: 0 done · 1 contracts or code need a change · 2 wrong command · 3 not proved (gate) · 130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code. Sets nothing up that a subcommand does not need."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="tenon",
        description="Contracts are the source of truth: Protobuf, OpenAPI and AsyncAPI in; services, clients, "
        "diagrams and gates out.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")
    chosen = next((a for a in arguments if not a.startswith("-")), None)
    for name, summary in COMMANDS.items():
        described = importlib.import_module(f"tenon.cli.{name}") if name == chosen else None
        sub = commands.add_parser(
            name,
            help=summary,
            description=described.HELP if described else summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if described is not None:
            described.configure(sub)
            choices = getattr(described, "FORMAT_CHOICES", ("text", "json"))
            sub.add_argument("--format", choices=choices, default="text", help="json: one object on stdout")
            sub.add_argument("--no-color", action="store_true", help="no colour (also: NO_COLOR, or not a terminal)")
            sub.add_argument("--debug", action="store_true", help="print internal errors whole (also: TENON_DEBUG=1)")
    args = parser.parse_args(arguments)
    if args.version:
        from importlib.metadata import version

        print(f"tenon {version('tenon')}")
        return 0
    if args.command is None:
        parser.print_help()
        return 2
    debug = args.debug or os.environ.get("TENON_DEBUG", "") not in ("", "0")
    console = Console(json=args.format == "json", color=False if args.no_color else None, debug=debug)
    try:
        code: int = importlib.import_module(f"tenon.cli.{args.command}").run(args, console)
    except KeyboardInterrupt:
        console.error("interrupted; what was written is whole")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except (Exception, MemoryError) as error:
        import traceback

        console.error(f"{type(error).__name__} in `tenon {args.command}`: {str(error)[:300]}")
        console.error("this is a fault of tenon: report it with what --debug (or TENON_DEBUG=1) prints")
        console.trace("".join(traceback.format_exception(error)))
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
