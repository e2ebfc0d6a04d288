"""Sets up `.tenon/judges`: validators that cannot share an environment with the product. Safe to repeat; stdlib only.

`python requirements/judges.py` prints the interpreter that has them; `… judges.py NAME` does the same for another
`requirements/NAME.txt` in `.tenon/NAME`. Nothing is done when nothing changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = sys.argv[1] if len(sys.argv) > 1 else "judges"
FOLDER = ROOT / ".tenon" / NAME
LOCK = ROOT / "requirements" / f"{NAME}.txt"


def main() -> int:
    """Exit code: 0 ready, 1 a step failed."""
    python = FOLDER / "bin" / "python"
    mark = FOLDER / ".installed"
    wanted = hashlib.sha256(sys.version.encode() + LOCK.read_bytes()).hexdigest()
    if not (mark.is_file() and mark.read_text() == wanted):
        mark.unlink(missing_ok=True)
        if not python.exists():
            run([sys.executable, "-m", "venv", str(FOLDER)])
        uv = shutil.which("uv") or str(ROOT / ".venv" / "bin" / "uv")
        if Path(uv).exists():
            run([uv, "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(LOCK)])
        else:
            run([str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)])
        mark.write_text(wanted)
    print(python)
    return 0


def run(command: list[str]) -> None:
    """Run one step; on failure say which, and end."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("VIRTUAL_ENV", None)
    if subprocess.run(command, cwd=ROOT, env=environment, check=False, stdout=sys.stderr).returncode:
        print(f"{NAME}: failed: {' '.join(command)}", file=sys.stderr)
        print(f"{NAME}: is the package index reachable? Remove .tenon/{NAME} to start over.", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(main())
