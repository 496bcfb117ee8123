"""Suites of other people on the wire."""

from __future__ import annotations

from pathlib import Path

from tests.wire.caller import talk
from tests.wire.corpora import DIFFERENCES, Foreign, desync, llhttp
from tests.wire.stage import Stage
from tests.wire.upstream import Heard


def _complaint(stage: Stage, case: Foreign) -> str:
    """Return what is wrong with what came of a case; nothing if it is as it must be."""
    stage.upstream.forget()
    said = talk(stage.port, case.sent, patience=0.5)
    heard: Heard = stage.upstream.heard()
    if heard.fault:
        return f"upstream got {heard.fault}"
    refused = (said.closed and not heard.requests) or any(status >= 400 for status in said.statuses)
    if case.must_pass and (refused or not heard.requests):
        return f"refused: {said.statuses}"
    if case.refuse and not refused and len(heard.requests) != 1:
        return f"{len(heard.requests)} requests"
    if not case.refuse and case.suite == "llhttp" and refused:
        return f"refused: {said.statuses}"
    return ""


def _check(stage: Stage, cases: list[Foreign], few: int) -> None:
    assert len(cases) > few, "the suite is not read"
    complaints = {(case.suite, case.name): _complaint(stage, case) for case in cases}
    odd = {key: complaint for key, complaint in complaints.items() if complaint}
    suite = cases[0].suite
    assert {key: odd[key] for key in odd.keys() - DIFFERENCES.keys()} == {}
    assert {key for key in DIFFERENCES if key[0] == suite} - odd.keys() == set(), "no longer different"


def test_llhttp_cases_have_the_verdict_of_its_strict_parser(stage: Stage, corpora: Path) -> None:
    _check(stage, llhttp(corpora / "wire" / "llhttp"), 50)


def test_desync_cases_are_refused_or_become_one_request(stage: Stage, corpora: Path) -> None:
    _check(stage, desync(corpora / "wire" / "desync"), 80)
