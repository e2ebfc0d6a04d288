"""Operations files: what Prometheus is told of the contracts' objectives, judged by Prometheus' own tool.

`cases/<feature>/want` holds the files; ``UPDATE=1`` rewrites it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from tenon import pipeline
from tenon.config import Config
from tenon.emit import operations
from tenon.emit.operations import objectives
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


@needs_promtool
@pytest.mark.parametrize("case", [*CASES, ""])
def test_every_alert_fires_when_it_should_and_only_then(case: str, tmp_path: Path) -> None:
    """Without a case: this repository's own rules."""
    made = emit(HERE / "cases" / case / "contracts") if case else emit(ROOT / "contracts", ours=True)
    for path, text in made.items():
        (tmp_path / Path(path).name).write_text(text, "utf-8")
    for command in (("check", "rules", "slo.rules.yaml"), ("test", "rules", "slo.rules.test.yaml")):
        done = subprocess.run(["promtool", *command], cwd=tmp_path, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_the_tests_would_notice_an_alert_that_never_fires(tmp_path: Path) -> None:
    for path, text in emit(HERE / "cases" / "objectives" / "contracts").items():
        (tmp_path / Path(path).name).write_text(text.replace("(14.4 *", "(14400 *"), "utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", "slo.rules.test.yaml"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 1 and "TenonAvailabilityBurnFast" in done.stdout + done.stderr


def test_every_operation_of_this_repository_has_objectives_and_alerts_that_prove_them() -> None:
    made = emit(ROOT / "contracts", ours=True)
    rules = yaml.safe_load(made["generated/ops/prometheus/slo.rules.yaml"])
    model, _ = pipeline.load(ROOT / "contracts", Config(ours=True), "contracts")
    operations = {f"{rpc.service.name}/{rpc.method.name}" for package in model.packages for rpc in package.rpcs}
    known = {rule["labels"]["operation"] for rule in rules["groups"][0]["rules"]}
    assert operations and operations <= known


def test_contract_text_is_only_ever_a_label_s_value() -> None:
    made = emit(HERE / "cases" / "hostile" / "contracts")
    rules = yaml.safe_load(made["generated/ops/prometheus/slo.rules.yaml"])
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert "range" not in rule["expr"]
            assert "alert" not in rule or "range" not in json.dumps(rule)


def test_the_names_and_buckets_are_those_that_services_count_with() -> None:
    assert objectives.BUCKETS == metrics.BUCKETS
    counted = {sample.name for family in metrics.Metrics().registry.collect() for sample in [family]}
    text = "".join(emit(ROOT / "contracts", ours=True).values())
    for name in ("tenon_requests", "tenon_request_seconds", "tenon_requests_in_flight", "tenon_response_violations"):
        assert name in counted and name in text
