"""A service's process that has loaded its libraries and waits for the word to begin: reloading is then fast.

``python -m tenon.platform.warm impl.identity`` imports the runtime, waits for a line on stdin, then is what
``python -m impl.identity`` would have been. End of input instead of a line: nobody needs it, it ends.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys

# What a service loads that no edit of its code changes.
_LIBRARIES = ("tenon_runtime.serving", "tenon_runtime.store", "tenon_runtime.events", "tenon_runtime.flags")


def main() -> None:
    module = sys.argv[1]
    for library in _LIBRARIES:
        importlib.import_module(library)
    if not sys.stdin.readline():
        return
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
