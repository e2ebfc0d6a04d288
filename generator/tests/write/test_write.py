"""What putting files on disk promises: only what changes, whole, inside the output, and nothing stale."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tenon import write as module
from tenon.file import File
from tenon.finding import Finding
from tenon.source import Location
from tenon.write import Manifest, Outcome, UnsafePath, write

A = File("generated/python/api/a.py", "A = 1\n", "contracts/a.proto#A")
B = File("generated/python/api/deep/b.py", "B = 1\n", "contracts/b.proto")
SCAFFOLD = File("impl/a/service.py", "S = 1\n", "contracts/a.proto", once=True)


def put(root: Path, *files: File, check: bool = False, manifest: Manifest | None = None) -> Outcome:
    return write(root, files, manifest or Manifest(), lambda files: [], check=check)


def text(root: Path, file: File) -> str:
    return (root / file.path).read_text()


def test_files_are_formatted_and_written_once(tmp_path: Path) -> None:
    untidy = File(A.path, "import typing\nimport abc\nA   =  [ 1,2 ]", A.source)
    assert put(tmp_path, untidy).written == [A.path]
    assert text(tmp_path, A) == "import abc\nimport typing\n\nA = [1, 2]\n"
    before = (tmp_path / A.path).stat()
    again = put(tmp_path, untidy)
    assert (again.written, again.unchanged) == ([], 1)
    assert (tmp_path / A.path).stat().st_mtime_ns == before.st_mtime_ns


def test_what_a_run_does_not_make_goes_and_empty_folders_with_it(tmp_path: Path) -> None:
    put(tmp_path, A, B)
    (tmp_path / "generated" / "by-hand.txt").write_text("x")
    (tmp_path / "generated" / "python" / "api" / "deep" / "__pycache__").mkdir()
    outcome = put(tmp_path, A)
    assert outcome.removed == ["generated/by-hand.txt", B.path]
    assert sorted(path.name for path in (tmp_path / "generated" / "python" / "api").iterdir()) == ["a.py"]


@pytest.mark.parametrize("built", ["rust/target/debug/x", "rust/api/target/x", "python/api/__pycache__/a.cpython.pyc"])
def test_what_others_build_there_stays(tmp_path: Path, built: str) -> None:
    put(tmp_path, A)
    path = tmp_path / "generated" / built
    path.parent.mkdir(parents=True)
    path.write_text("x")
    put(tmp_path, A)
    assert path.exists()


def test_a_package_called_target_is_no_build(tmp_path: Path) -> None:
    put(tmp_path, File("generated/python/api/target/v1/x.py", "X = 1\n", "c"), A)
    assert put(tmp_path, A).removed == ["generated/python/api/target/v1/x.py"]


def test_a_scaffold_is_written_once_and_never_touched_again(tmp_path: Path) -> None:
    assert put(tmp_path, A, SCAFFOLD).written == [A.path, SCAFFOLD.path]
    (tmp_path / SCAFFOLD.path).write_text("theirs\n")
    put(tmp_path, A, SCAFFOLD)
    put(tmp_path, A)
    assert text(tmp_path, SCAFFOLD) == "theirs\n"


def test_a_scaffold_that_a_team_made_a_link_is_theirs(tmp_path: Path) -> None:
    (tmp_path / "impl/a").mkdir(parents=True)
    os.symlink("/nowhere", tmp_path / SCAFFOLD.path)
    assert put(tmp_path, A, SCAFFOLD).written == [A.path]


def test_checking_says_what_would_happen_and_does_nothing(tmp_path: Path) -> None:
    put(tmp_path, A)
    outcome = put(tmp_path, File(A.path, "A = 2\n", A.source), B, check=True)
    assert outcome.stale == [A.path, B.path]
    assert put(tmp_path, B, check=True).stale == [A.path, B.path]
    assert text(tmp_path, A) == "A = 1\n"
    assert not (tmp_path / B.path).exists()


def test_an_edit_by_hand_is_undone(tmp_path: Path) -> None:
    manifest = Manifest()
    put(tmp_path, A, manifest=manifest)
    (tmp_path / A.path).write_text("A = 666\n")
    assert put(tmp_path, A, manifest=manifest).written == [A.path]
    assert text(tmp_path, A) == "A = 1\n"


def test_a_file_where_a_folder_has_to_be_and_the_other_way_round(tmp_path: Path) -> None:
    """Both are stale output of some earlier run."""
    put(tmp_path, File("generated/python/api/deep", "x", "c"), File(f"{A.path}/x.txt", "x", "c"))
    put(tmp_path, A, B)
    assert text(tmp_path, A) + text(tmp_path, B) == "A = 1\nB = 1\n"


@pytest.mark.parametrize(
    "path",
    ["../x.py", "generated/../../x.py", "/etc/x", "generated//x", "generated/.x", "generated/-rf", "generated/a b",
     "generated/a\nb", "generated/a\\b", "generated/\u202ex", "generated/" + "x" * 201, "generated/" + "x/" * 250 + "x",
     "", "generated/./x", "generated/x/", "C:/x", "generated/é"],
)  # fmt: skip
def test_only_accepted_names_are_written(tmp_path: Path, path: str) -> None:
    with pytest.raises(UnsafePath) as refused:
        put(tmp_path / "out", A, File(path, "x", "contracts/a.proto#A"))
    assert refused.value.source == "contracts/a.proto"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("link", ["generated", "generated/python", "generated/python/api"])
def test_no_link_leads_out(tmp_path: Path, link: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_text("x")
    place = tmp_path / "out" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "outside")
    with pytest.raises(UnsafePath):
        put(tmp_path / "out", A)
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["precious"]


def test_nothing_to_write_does_not_empty_what_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_text("x")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "generated").symlink_to(tmp_path / "outside")
    with pytest.raises(UnsafePath):
        put(tmp_path / "out")
    assert (tmp_path / "outside" / "precious").exists()


def test_a_stale_link_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_text("x")
    put(tmp_path / "out", A)
    (tmp_path / "out" / "generated" / "stray").symlink_to(tmp_path / "outside")
    assert put(tmp_path / "out", A).removed == ["generated/stray"]
    assert (tmp_path / "outside" / "precious").exists()


def test_a_link_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "out", A)
    (tmp_path / "out" / A.path).unlink()
    (tmp_path / "out" / A.path).symlink_to(tmp_path / "outside.py")
    with pytest.raises(UnsafePath):
        put(tmp_path / "out", A)


def test_what_is_judged_unsafe_keeps_everything_as_it_was(tmp_path: Path) -> None:
    put(tmp_path, A)
    finding = Finding(Location("contracts/b.proto"), "unsafe-output", "no", "mend it")
    outcome = write(tmp_path, [B], Manifest(), lambda files: [finding])
    assert outcome.findings == [finding]
    assert text(tmp_path, A) == "A = 1\n"
    assert not (tmp_path / B.path).exists()


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, A)

    def full(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(module.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        put(tmp_path, File(A.path, "A = 2\n", A.source))
    assert text(tmp_path, A) == "A = 1\n"
    assert [path.name for path in (tmp_path / A.path).parent.iterdir()] == ["a.py"]


@pytest.mark.parametrize(
    "manifest",
    ["", "{", "[]", "null", '{"key": "x"}', '{"key": 1, "inputs": [], "outputs": [], "findings": 3}', "[" * 100_000,
     '{"key": "x", "inputs": {"a": [1]}, "outputs": {"b": []}, "findings": []}',
     '{"key": "x", "inputs": {}, "outputs": {"b": ["x", "y", "z", {}]}, "findings": []}', "\x00\xff"],
)  # fmt: skip
def test_a_manifest_that_is_none_is_as_good_as_missing(tmp_path: Path, manifest: str) -> None:
    (tmp_path / ".tenon").mkdir()
    (tmp_path / ".tenon" / "manifest.json").write_bytes(manifest.encode("latin-1"))
    assert Manifest.load(tmp_path) == Manifest()
