"""The page that says, file by file, how far the contract room and the engine agree with suites of other people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.json_schema_suite import Result, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.contract.prism_runner import Outcome

_HEAD = """\
# Conformance

Measured with suites that nobody here wrote. This page is generated: `make docs` renews it, and a test compares it with
what the suites say.
"""

_SCHEMAS = """\
## JSON Schema {draft}

{intro}

| file | passed | failed | not run | why not run |
| --- | ---: | ---: | ---: | --- |
"""

_PRISM = """\
## Requests against contracts: Prism's black-box cases

Each case is a contract, a request and the answer of a mock server. The gateway's engine gets the contract and the
request. Where the mock answers 422, a gateway answers 400; where it answers with something it made up, a gateway lets
the request through to the upstream. What a case says about made-up answers is not a gateway's business, and not run.

| case | mock | expected here | result | remark |
| --- | ---: | --- | --- | --- |
"""

_INTRO_2020_12 = "The required cases, each as a component of an OpenAPI 3.1 contract that a request body refers to."
_INTRO_4 = "The keywords that OpenAPI 3.0 took over, each case as a component of an OpenAPI 3.0 contract."


def page(draft_2020_12: list[Result], draft_4: list[Result], outcomes: list[Outcome], wire: str, changes: str) -> str:
    """Return the whole page; `wire` and `changes` are its parts about the wire and about changes."""
    parts = [
        _HEAD,
        _SCHEMAS.format(draft="2020-12, through OpenAPI 3.1", intro=_INTRO_2020_12)
        + _rows(_schema_rows(draft_2020_12)),
        _SCHEMAS.format(draft="draft 4, through OpenAPI 3.0", intro=_INTRO_4) + _rows(_schema_rows(draft_4)),
        _PRISM + _rows(_prism_rows(outcomes)),
        wire,
        changes,
    ]
    return "\n".join(parts)


def _rows(rows: Iterable[Iterable[object]]) -> str:
    return "".join(f"| {' | '.join(str(cell) for cell in row)} |\n" for row in rows)


def _schema_rows(results: list[Result]) -> Iterator[Iterable[object]]:
    for file, counts in summary(results).items():
        reasons = sorted({one.reason for one in results if one.file == file and one.verdict == "skip"})
        yield file, counts["pass"], counts["fail"], counts["skip"], "; ".join(reasons)
    total = [sum(one.verdict == verdict for one in results) for verdict in ("pass", "fail", "skip")]
    yield "**all**", *(f"**{count}**" for count in total), ""


def _prism_rows(outcomes: list[Outcome]) -> Iterator[Iterable[object]]:
    for one in outcomes:
        expected = one.expected.status or "let through"
        result = (
            "pass"
            if one.passes
            else f"**fail** ({'let through' if one.status is None else one.status or 'snapshot refused'})"
        )
        if not one.expected.runs:
            expected = result = "-"
        yield one.case.name, one.case.status, expected, result, one.expected.reason
    run = [one for one in outcomes if one.expected.runs]
    yield "**all**", "", f"**{len(run)} run**", f"**{sum(one.passes for one in run)} pass**", ""
