"""A small repository of its own for every test."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

import pytest
from tenon import cli

ROOT = Path(__file__).parents[3]


class Repository:
    """This repository's contracts in a folder of the test's own."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.root, self._capture = root, capture

    def tenon(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and what was printed."""
        code = cli.main(arguments)
        printed = self._capture.readouterr()
        return code, printed.out + printed.err

    def texts(self) -> dict[str, str]:
        """Every contract by its path."""
        files = sorted((self.root / "contracts").rglob("*"))
        return {str(f.relative_to(self.root)): f.read_bytes().decode() for f in files if f.is_file()}

    def added(self, *arguments: str) -> dict[str, list[str]]:
        """The lines that a successful command added, by file. It may do nothing but add lines."""
        before = self.texts()
        code, printed = self.tenon("add", *arguments)
        assert code == 0, printed
        made: dict[str, list[str]] = {}
        for file, text in self.texts().items():
            for line in difflib.ndiff(before.get(file, "").splitlines(), text.splitlines()):
                assert line[:2] not in ("- ", "? "), f"{file} lost {line!r}"
                if line.startswith("+ "):
                    made.setdefault(file, []).append(line[2:])
        return made


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Repository:
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts")
    (tmp_path / "tenon.toml").write_text('[policy]\nrequire = ["owner", "slo", "deadline", "security"]\n')
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path, capsys)
