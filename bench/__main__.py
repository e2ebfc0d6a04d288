"""`python -m bench [NAME …] [--full]`: every measurement, or those named."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable

from bench import calls, generate, native, new_rpc


def main() -> None:
    """Run what was asked for."""
    sections: dict[str, Callable[[bool], None]] = {
        "generate": lambda full: generate.run(full=full),
        "calls": lambda full: calls.run(),
        "native": lambda full: native.run(),
        "new_rpc": lambda full: new_rpc.run(),
    }
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[[], *sections], help=f"of: {', '.join(sections)}")
    parser.add_argument("--full", action="store_true", help="also the runs that take minutes")
    args = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    for name, section in sections.items():
        if not args.name or name in args.name:
            section(args.full)


if __name__ == "__main__":
    main()
