"""The running generator and runtime as wheels, and the versions they run with."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import zipfile
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OWN = ("tenon-runtime", "tenon")
TOOLS = ("pytest", "pytest-asyncio", "httpx", "mypy", "import-linter")
"""As template/requirements/tools.txt has them."""
_LEFT_OUT = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
"""Written by an installer, not by the wheel."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


class NoWheels(Exception):
    """The wheels cannot be made; the text says why and what to do."""


def place(folder: Path, given: Path | None) -> tuple[list[str], bool]:
    """Put both wheels into `folder` instead of what is there; their names, and whether anything changed.

    Raises NoWheels.
    """
    if given is not None:
        wheels = [_newest(given, name) for name in OWN]
        made = {wheel.name: wheel.read_bytes() for wheel in wheels}
    else:
        made = dict(_wheel(name) for name in OWN)
    before = {path.name: _contents(path.read_bytes()) for path in folder.glob("tenon*.whl")}
    if before == {name: _contents(content) for name, content in made.items()}:
        return sorted(made), False
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        (folder / name).write_bytes(content)
    for name in before.keys() - made.keys():
        (folder / name).unlink()
    return sorted(made), True


def pins() -> list[str]:
    """``name==version`` of all that the running installation uses, and of the tools that are beside it."""
    found: dict[str, str] = {}
    waiting = [Requirement("tenon"), *map(Requirement, TOOLS)]
    seen: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        if str(wanted) in seen:
            continue
        seen.add(str(wanted))
        try:
            distribution = metadata.distribution(wanted.name)
        except metadata.PackageNotFoundError:
            continue
        name = canonicalize_name(wanted.name)
        if name not in OWN:
            found[name] = distribution.version
        extras = wanted.extras or {""}
        for line in distribution.requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def _newest(folder: Path, name: str) -> Path:
    found = sorted(folder.glob(f"{name.replace('-', '_')}-[0-9]*.whl"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise NoWheels(f"there is no {name.replace('-', '_')}-*.whl in {folder}: build it there, or leave --wheels out")
    return found[-1]


def _wheel(name: str) -> tuple[str, bytes]:
    distribution = metadata.distribution(name)
    source = _checkout(distribution)
    return _build(source) if source is not None else _repack(distribution)


def _contents(wheel: bytes) -> set[str]:
    """What a wheel holds, as its RECORD says; the same however it was packed."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        record = next(name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        return set(archive.read(record).decode().splitlines())


def _checkout(distribution: metadata.Distribution) -> Path | None:
    """The source folder of an editable installation."""
    given = json.loads(distribution.read_text("direct_url.json") or "{}")
    if not given.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(given["url"]).path))


def _build(source: Path) -> tuple[str, bytes]:
    try:
        from hatchling.builders.wheel import WheelBuilder
    except ImportError:
        raise NoWheels(f"{source} is a checkout; hatchling builds it, and is missing: run `make setup` there") from None
    import tempfile

    with tempfile.TemporaryDirectory(prefix="tenon-wheel-") as scratch:
        built = Path(next(WheelBuilder(str(source)).build(directory=scratch, versions=["standard"])))
        return built.name, built.read_bytes()


def _repack(distribution: metadata.Distribution) -> tuple[str, bytes]:
    """An installed wheel, put together again from its RECORD."""
    tags = re.findall(r"^Tag: (\S+)$", distribution.read_text("WHEEL") or "", re.MULTILINE)
    name = distribution.metadata["Name"].replace("-", "_")
    if not tags or distribution.files is None:
        raise NoWheels(f"{name} was not installed from a wheel: name a folder with --wheels")
    stream, record = io.BytesIO(), io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    home = f"{name}-{distribution.version}.dist-info"
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(distribution.files, key=str):
            path = file.as_posix()
            own = path.startswith(f"{home}/") and file.name in _LEFT_OUT
            if own or path.startswith("..") or "__pycache__" in file.parts:
                continue
            content = Path(str(file.locate())).read_bytes()
            archive.writestr(_entry(path), content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.writerow([path, f"sha256={digest}", len(content)])
        rows.writerow([f"{home}/RECORD", "", ""])
        archive.writestr(_entry(f"{home}/RECORD"), record.getvalue())
    return f"{name}-{distribution.version}-{tags[0]}.whl", stream.getvalue()


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
