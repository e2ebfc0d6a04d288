"""betterproto2's compiler, run once for many packages in a process of its own: it takes half a second to be loaded,
writes to its working directory when it fails, and calls the formatter for every file (`plugin` puts an end to that).

It is given descriptors without comments: nothing that a contract's author wrote freely reaches its templates.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

from protobuf.wkt import FileDescriptorProto
from protobuf.wkt.google.protobuf.compiler.plugin_pb import CodeGeneratorRequest, CodeGeneratorResponse
from protobuf.wkt.google.protobuf.descriptor_pb import SourceCodeInfo

from tenon.emit.peers.choice import Choice
from tenon.model.proto import ProtoFile

_SECONDS = 120.0
_RUNS = 20
"""Runs after which the packages not yet made count as failures: four that fail are found among a hundred."""


def compile_packages(choice: Choice, packages: list[str]) -> dict[str, str]:
    """The module of each package, without those that the compiler fails on, which are found by halving."""
    made: dict[str, str] = {}
    todo = [packages]
    for _ in range(_RUNS):
        if not todo:
            break
        group = todo.pop(0)
        texts = _run(choice, group)
        if texts is not None:
            made |= texts
        elif len(group) > 1:
            middle = len(group) // 2
            todo += [group[:middle], group[middle:]]
    return made


def _run(choice: Choice, packages: list[str]) -> dict[str, str] | None:
    files = choice.needed([file for package in packages for file in choice.packages[package]])
    known = {file.path for file in files}
    request = CodeGeneratorRequest(
        file_to_generate=[file.path for file in files],
        parameter="client_generation=async",
        proto_file=[_bare(file, known) for file in files],
    )
    with tempfile.TemporaryDirectory(prefix="tenon-peers-") as scratch:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tenon.emit.peers.plugin"],
            input=request.to_binary(),
            cwd=scratch,
            check=False,
            capture_output=True,
            timeout=_SECONDS,
        )
    if done.returncode != 0:
        return None
    made = {file.name: file.content for file in CodeGeneratorResponse.from_binary(done.stdout).file}
    return {package: made["/".join([*filter(None, package.split(".")), "__init__.py"])] for package in packages}


def _bare(file: ProtoFile, known: set[str]) -> FileDescriptorProto:
    """The descriptor without comments, and without imports that are there for options alone."""
    descriptor = FileDescriptorProto.from_binary(file.descriptor)
    descriptor.source_code_info = SourceCodeInfo()
    descriptor.dependency = [path for path in descriptor.dependency if path in known]
    descriptor.public_dependency = []
    descriptor.weak_dependency = []
    return descriptor
