"""`python -m bench [NAME …] [--full]`: every measurement, or those named."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable

from bench import calls, gate, generate, native, new_rpc, schema


def main() -> None:
    """Run what was asked for."""
    args = argparse.Namespace()
    sections: dict[str, Callable[[bool], None]] = {
        "generate": lambda full: generate.run(full=full),
        "calls": lambda full: calls.run(),
        "native": lambda full: native.run(),
        "gate": lambda full: gate.run(),
        "new_rpc": lambda full: new_rpc.run(),
        "schema": lambda full: schema.run(full=full, corpus=args.corpus, fuzz=args.fuzz),
    }
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[[], *sections], help=f"of: {', '.join(sections)}")
    parser.add_argument("--full", action="store_true", help="also the runs that take minutes")
    parser.add_argument("--corpus", metavar="FILE", help="schema: pairs of schemas with their answers, JSON lines")
    parser.add_argument("--fuzz", type=int, default=0, metavar="N", help="schema: N random pairs, every answer tried")
    parser.parse_args(namespace=args)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    for name, section in sections.items():
        if not args.name or name in args.name:
            section(args.full)


if __name__ == "__main__":
    main()
