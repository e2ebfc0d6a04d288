"""The first lines of a service's process: ``python -m tenon.platform.launch PARENT [--warm] impl.identity``.

Ties it to the platform's process, then is what ``python -m impl.identity`` would have been. With ``--warm`` it loads
its libraries and waits for a line on stdin first: reloading is then fast. End of input instead: nobody needs it.
"""

from __future__ import annotations

import importlib
import os
import runpy
import signal
import sys

from tenon_runtime.engines.child import die_with_parent

# What a service loads that no edit of its code changes.
_LIBRARIES = ("tenon_runtime.serving", "tenon_runtime.store", "tenon_runtime.events", "tenon_runtime.flags")


def main() -> None:
    parent, *rest = sys.argv[1:]
    die_with_parent(signal.SIGKILL, int(parent))()
    if rest[0] == "--warm":
        for library in _LIBRARIES:
            importlib.import_module(library)
        if not sys.stdin.readline():
            return
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = rest[-1:]
    runpy.run_module(rest[-1], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
