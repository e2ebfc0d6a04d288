"""JUnit XML as every CI server reads it: a suite for each rule, a failed case for each change that stops."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from tenon.gate.report import words
from tenon.gate.report.text import block
from tenon.gate.verdict import Report, Verdict

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


def render(report: Report) -> str:
    suites = ET.Element("testsuites", name="tenon gate")
    for rule in sorted({change.rule for change in report.changes}):
        changes = [change for change in report.changes if change.rule == rule]
        failed = [change for change in changes if change.stops]
        suite = ET.SubElement(suites, "testsuite", name=rule, tests=str(len(changes)), failures=str(len(failed)))
        for change in changes:
            case = ET.SubElement(suite, "testcase", classname=rule, name=_clean(words.printable(change.subject)))
            text = _clean("\n".join(block(change)))
            if change.stops:
                ET.SubElement(case, "failure", message=_clean(words.printable(change.message))).text = text
            elif change.verdict is not Verdict.SAFE:
                ET.SubElement(case, "skipped", message=_clean(words.printable(change.message)))
    others = [*report.problems, *(f"{waiver.fingerprint}: {why}" for waiver, why in report.bad_waivers)]
    suite = ET.SubElement(suites, "testsuite", name="gate", tests=str(len(others) + 1), failures=str(len(others)))
    ET.SubElement(suite, "testcase", classname="gate", name=words.summary(report))
    for other in others:
        case = ET.SubElement(suite, "testcase", classname="gate", name=_clean(words.printable(other)))
        ET.SubElement(case, "failure", message=_clean(words.printable(other)))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode")


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
