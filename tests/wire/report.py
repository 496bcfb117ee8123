"""The part of the conformance page about the wire: what came of each group of cases, here and elsewhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.wire.cases.all import CASES
from tests.wire.cases.frames import CASES2, Case2
from tests.wire.corpora import DIFFERENCES
from tests.wire.verdicts import Case, Result, expected

RIVALS = ("nginx", "haproxy", "envoy")
NAMES = {"yett": "Yett", "nginx": "nginx", "haproxy": "HAProxy", "envoy": "Envoy"}
KEPT = Path(__file__).with_name("rivals.json")

_INTRO = """\
## On the wire

{count} cases of raw bytes, each played to a real gateway with an upstream behind it that keeps every byte. What came of
a case is one of: **refused**; **one request**, exactly one, well-formed in the judgement of a strict reader that shares
nothing with the gateway; **passed unsound**, something of the hop went on or a request that has two readings; **more
requests** than were meant; **waits** for more. What Yett does is checked with every run of the tests (`tests/wire`).
The others were played to by `python -m tests.wire.rivals`, as plain proxies with their defaults: {versions}.

A cell counts refused / one request / passed unsound / more requests / waits. Not every difference is a fault: a proxy
for anything may have to be lenient where a gateway for APIs need not.

| cases | Yett | nginx | HAProxy | Envoy |
| --- | --- | --- | --- | --- |
"""
_DIFFERENCES = """
### Where Yett differs

Every case where one of the others did something else than Yett must, and why Yett does what it does. `=` is the same.

| case | Yett | nginx | HAProxy | Envoy | why |
| --- | --- | --- | --- | --- | --- |
"""
_CORPORA = """
### Suites of other people

llhttp's cases with the verdicts of its strict parser, and the desync guardian's with its tiers (Severe and Ambiguous
must be refused or become one well-formed request, Compliant must pass), are played to the gateway too, when they are
there. What differs on purpose:

| suite | case | why |
| --- | --- | --- |
"""


def section() -> str:
    """Return the part of the page."""
    kept: dict[str, Any] = json.loads(KEPT.read_text())
    cases: list[Case | Case2] = [*CASES, *CASES2]
    versions = ", ".join(f"{NAMES[name]} ({kept[name]['version'].partition(' - ')[0]})" for name in RIVALS)
    rows = "".join(f"| {' | '.join(cells)} |\n" for cells in _groups(cases, kept))
    differing = "".join(f"| {' | '.join(cells)} |\n" for cells in _differing(cases, kept))
    corpora = "".join(f"| {suite} | {_plain(name)} | {why} |\n" for (suite, name), why in sorted(DIFFERENCES.items()))
    return _INTRO.format(count=len(cases), versions=versions) + rows + _DIFFERENCES + differing + _CORPORA + corpora


def _groups(cases: list[Case | Case2], kept: dict[str, Any]) -> Iterator[list[str]]:
    for group in dict.fromkeys(case.group for case in cases):
        of_group = [case for case in cases if case.group == group]
        counts = [Counter(expected(case).value for case in of_group)]
        counts += [Counter(kept[name]["results"].get(str(case), "not played") for case in of_group) for name in RIVALS]
        yield [f"{group} ({len(of_group)})", *(_cell(count) for count in counts)]


def _cell(count: Counter[str]) -> str:
    return " / ".join(str(count[one.value]) for one in Result)


def _differing(cases: list[Case | Case2], kept: dict[str, Any]) -> Iterator[list[str]]:
    for case in cases:
        ours = expected(case).value
        theirs = [kept[name]["results"].get(str(case), "not played") for name in RIVALS]
        if any(one != ours for one in theirs):
            yield [_plain(str(case)), ours, *("=" if one == ours else one for one in theirs), _plain(case.why)]


def _plain(text: str) -> str:
    """Text that means nothing in a table of Markdown."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("`", "\\`")
