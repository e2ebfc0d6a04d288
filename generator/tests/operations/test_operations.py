"""Operations files: what Prometheus is told of the contracts' objectives, judged by Prometheus' own tool.

`cases/<feature>/want` holds the files; ``UPDATE=1`` rewrites it.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tenon import pipeline
from tenon.config import Config
from tenon.emit import operations
from tenon.emit.operations import objectives
from tenon.memo import Memo
from tenon_runtime.observe import metrics

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CASES = sorted(path.name for path in (HERE / "cases").iterdir())
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="no promtool: apt-get install --no-install-recommends prometheus"
)


def emit(contracts: Path, *, ours: bool = False) -> dict[str, str]:
    model, findings = pipeline.load(contracts, Config(ours=ours), "contracts")
    assert not [f for f in findings if f.rule.startswith(("proto", "extension", "openapi"))], findings
    return {file.path: file.text for file in operations.emit(model)}


@pytest.mark.parametrize("case", CASES)
def test_the_files_are_as_wanted(case: str) -> None:
    made = emit(HERE / "cases" / case / "contracts")
    want = HERE / "cases" / case / "want"
    if os.environ.get("UPDATE"):
        shutil.rmtree(want, ignore_errors=True)
        for path, text in made.items():
            (want / path).parent.mkdir(parents=True, exist_ok=True)
            (want / path).write_text(text, "utf-8")
    assert made == {p.relative_to(want).as_posix(): p.read_text("utf-8") for p in want.rglob("*") if p.is_file()}


def promtool(folder: Path, files: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run promtool where `files` are."""
    for path, text in files.items():
        (folder / Path(path).name).write_text(text, "utf-8")
    return subprocess.run(["promtool", *command], cwd=folder, check=False, capture_output=True, text=True)


def named(files: dict[str, str], suffix: str) -> list[str]:
    return sorted(Path(path).name for path in files if path.endswith(suffix))


@needs_promtool
@pytest.mark.parametrize("case", [*CASES, ""])
def test_every_alert_fires_when_it_should_and_only_then(case: str, tmp_path: Path) -> None:
    """Without a case: this repository's own rules."""
    made = emit(HERE / "cases" / case / "contracts") if case else emit(ROOT / "contracts", ours=True)
    assert len(named(made, ".test.yaml")) == (1 if case else 2)
    for command in (("check", "rules", *named(made, ".rules.yaml")), ("test", "rules", *named(made, ".test.yaml"))):
        done = promtool(tmp_path, made, *command)
        assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_the_tests_would_notice_an_alert_that_never_fires(tmp_path: Path) -> None:
    made = emit(HERE / "cases" / "objectives" / "contracts")
    broken = {path: text.replace("(14.4 *", "(14400 *") for path, text in made.items()}
    done = promtool(tmp_path, broken, "test", "rules", "slo.shop.test.yaml")
    assert done.returncode == 1 and "TenonAvailabilityBurnFast" in done.stdout + done.stderr


def test_every_operation_of_this_repository_has_objectives_and_alerts_that_prove_them() -> None:
    made = emit(ROOT / "contracts", ours=True)
    model, _ = pipeline.load(ROOT / "contracts", Config(ours=True), "contracts")
    operations = {f"{rpc.service.name}/{rpc.method.name}" for package in model.packages for rpc in package.rpcs}
    rules = [rule for text in made.values() if text.startswith("# What") for rule in loaded(text)]
    assert operations and operations <= {rule["labels"]["operation"] for rule in rules}


def loaded(text: str) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def test_contract_text_is_only_ever_a_label_s_value() -> None:
    made = emit(HERE / "cases" / "hostile" / "contracts")
    shared = made["generated/ops/prometheus/slo.rules.yaml"]
    assert "range" not in shared and "{{" in shared
    for rule in loaded(made["generated/ops/prometheus/slo.shop.rules.yaml"]):
        assert set(rule) == {"record", "expr", "labels"} and "range" not in rule["expr"]
        assert "range query" in rule["labels"]["operation"]


def test_what_did_not_change_is_remembered(tmp_path: Path) -> None:
    model, _ = pipeline.load(HERE / "cases" / "objectives" / "contracts", Config(), "contracts")
    model = replace(model, memo=Memo(tmp_path))
    first = list(operations.emit(model))
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert list(operations.emit(model)) == first


def test_libyaml_and_python_write_the_same() -> None:
    """Output must not depend on how PyYAML was built. (Keys would differ; contract text is never one.)"""
    letters = "ab \n\t:-#'\"{}[]&*!|>%@`,?\\\u0085\u2028\ufeffä😀\x07~01.e"
    draw = random.Random(1)
    texts = ["".join(draw.choices(letters, k=draw.randint(0, 12))) for _ in range(2000)] + ["x " * 200]
    value = {"labels": [{"operation": text} for text in texts], "texts": texts}
    assert yaml.__with_libyaml__
    assert operations.to_yaml(value, yaml.CSafeDumper) == operations.to_yaml(value, yaml.SafeDumper)
    assert yaml.safe_load(operations.to_yaml(value)) == value


def test_the_names_and_buckets_are_those_that_services_count_with() -> None:
    assert objectives.BUCKETS == metrics.BUCKETS
    counted = {sample.name for family in metrics.Metrics().registry.collect() for sample in [family]}
    text = "".join(emit(ROOT / "contracts", ours=True).values())
    for name in ("tenon_requests", "tenon_request_seconds", "tenon_requests_in_flight", "tenon_response_violations"):
        assert name in counted and name in text
