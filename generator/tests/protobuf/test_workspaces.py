"""Trees as `buf build` takes them: what imports start from, and what is left out, by the tree's own configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenon import pipeline
from tenon.config import Config
from tenon.pipeline import Generated

A = 'syntax = "proto3"; package a.v1; import "b/v1/b.proto"; message A { b.v1.B b = 1; }'
B = 'syntax = "proto3"; package b.v1; message B { string id = 1; }'
BROKEN = "message {"
LAYOUTS: dict[str, dict[str, str]] = {
    "no-configuration": {"a/v1/a.proto": A, "b/v1/b.proto": B},
    "v2-modules": {
        "buf.yaml": "version: v2\nmodules:\n  - path: proto\n  - path: vendor/b\n    name: buf.build/x/b\n",
        "proto/a/v1/a.proto": A,
        "vendor/b/b/v1/b.proto": B,
    },
    "v2-excludes": {
        "buf.yaml": "version: v2\nmodules:\n  - path: proto\n    excludes: [proto/old]\nlint: {use: [STANDARD]}\n",
        "proto/a/v1/a.proto": A,
        "proto/b/v1/b.proto": B,
        "proto/old/a/v1/a.proto": BROKEN,
    },
    "v2-without-modules": {"buf.yaml": "version: v2\n", "a/v1/a.proto": A, "b/v1/b.proto": B},
    "v1-workspace": {
        "buf.work.yaml": "version: v1\ndirectories:\n  - proto\n  - vendor/b\n",
        "proto/buf.yaml": "version: v1\nbuild:\n  excludes:\n    - old\n",
        "proto/a/v1/a.proto": A,
        "proto/old/x.proto": BROKEN,
        "vendor/b/buf.yaml": "version: v1\n",
        "vendor/b/b/v1/b.proto": B,
    },
    "v1-module": {
        "buf.yaml": "version: v1\nbuild: {excludes: [old]}\n",
        "a/v1/a.proto": A,
        "b/v1/b.proto": B,
        "old/x.proto": BROKEN,
    },
    "v1beta1-roots": {
        "buf.yaml": "version: v1beta1\nbuild: {roots: [proto, vendor]}\n",
        "proto/a/v1/a.proto": A,
        "vendor/b/v1/b.proto": B,
    },
    "two-files-that-end-alike": {
        "buf.yaml": "version: v2\nmodules: [{path: proto, excludes: [proto/a/old]}]\n",
        "proto/a/old/b/v1/b.proto": BROKEN,
        "proto/a/v1/a.proto": A,
        "proto/b/v1/b.proto": B,
    },
}


def _generate(root: Path, files: dict[str, str]) -> Generated:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return pipeline.generate(root, Config(), "contracts")


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(tmp_path: Path, name: str) -> None:
    made = _generate(tmp_path, LAYOUTS[name])
    assert not made.findings
    assert {package.name for package in made.model.packages} == {"a.v1", "b.v1"}
    for file in made.model.protobuf.files:  # every file knows where in the tree it stands
        where = file.at.file.removeprefix("contracts/")
        assert LAYOUTS[name][where] in (A, B)
        assert where.endswith(file.path)
    assert "generated/python/api/_pb/a/v1/a_pb.py" in {file.path for file in made.files}


def test_vendored_well_known_types_are_taken_from_the_runtime(tmp_path: Path) -> None:
    user = 'syntax = "proto3"; package a.v1; import "google/protobuf/empty.proto"; '
    user += "message A { google.protobuf.Empty e = 1; }"
    empty = 'syntax = "proto3"; package google.protobuf; message Empty {}'
    made = _generate(tmp_path, {"a.proto": user, "google/protobuf/empty.proto": empty})
    assert not made.findings
    paths = {file.path for file in made.files}
    assert not any(path.startswith("generated/python/api/_pb/google") for path in paths)


@pytest.mark.parametrize(
    "path", ["..", "../..", "/etc", "a/../../b", "~", "", "missing", "a\\b", "-x", "3", "[x]", "{a: b}"]
)
def test_no_configuration_leads_out_of_the_tree(tmp_path: Path, path: str) -> None:
    """What is no folder of contracts here is not taken; the tree is then one module."""
    for config in (
        f"version: v2\nmodules: [{{path: {path}}}]\n",
        f"version: v2\nmodules: {path}\n",
        f"modules: [{path}]\n",
    ):
        made = _generate(tmp_path, {"buf.yaml": config, "b/v1/b.proto": B})
        assert not made.findings
    made = _generate(
        tmp_path, {"buf.yaml": "version: v1", "buf.work.yaml": f"directories: [{path}]\n", "b/v1/b.proto": B}
    )
    assert not made.findings
