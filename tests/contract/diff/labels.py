"""The labelled contract pairs: which labels stand for a break, and which of them do not speak of their pair.

The labels are the ids of findings of another comparison; whether one stands for a break is what its catalogue says
(`breaks.txt`). They were gathered mechanically from that project's tests: where one test looks at several pairs, each
pair has the labels of all of them, and where a test changes a pair before it compares, the pair here is the unchanged
one.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

BREAKS: Final = frozenset(Path(__file__).with_name("breaks.txt").read_text().split())
"""The labels that stand for a break."""

NOT_ABOUT_ITS_PAIR: Final = {
    "TestListOfTypesSpecificPaths": "the labels are those of nine pairs",
    "TestListOfTypesRemainingUncoveredLines": "the labels are those of several pairs",
    "TestBreaking_ModifyPattern": "the pair changes an answer, the label is about a request",
    "TestRequestPropertyPatternAdded": "the pair changes a pattern, the label is about a new one",
    "TestRequestPropertyAllOfAdded_AnnotationOnly_EmitsInfo": "the second label is the one that must not be found",
    "TestTypeCheckerSuppressedForNullOnly31": "no finding of one kind is expected; the answer became nullable",
    "TestResponseTypeCheckerSuppressedForNullOnly31": "no finding of one kind is expected; the answer became nullable",
    "TestNullableUnwrapping_SingleFindingPerLevel": "the answers of the pair have no body, a label is about one",
}

DISAGREE: Final = {
    "TestAPIGlobalSecurityyAdded": "an operation that needed no credential needs one: callers without one are refused",
    "TestRequestPropertyAnyOfInlineEnumRefactorToRef": "the same schema, once in place and once referred to",
}


@dataclass(frozen=True, slots=True)
class Label:
    """What one label says: whether callers break, and on which way (`None`: it does not say)."""

    pair: str
    finding: str
    breaks: bool
    way: str | None


def pairs(corpora: Path) -> Iterator[tuple[str, str, str, list[Label]]]:
    """The labelled pairs that differ: name, old and new text, labels."""
    with gzip.open(corpora / "diff" / "oasdiff-half.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["base"] != row["revision"]:
                yield row["test"], row["base"], row["revision"], list(_labels(row))


def _labels(row: dict[str, object]) -> Iterator[Label]:
    name, findings = str(row["test"]), row["finding_ids"]
    assert isinstance(findings, list)
    for finding in findings:
        # Comments on findings stand among them.
        if not finding.endswith("-comment"):
            way = "response" if finding.startswith("response") else "request" if "request" in finding else None
            yield Label(name, finding, finding in BREAKS, way)
    if row["none_expected"] and not findings:
        yield Label(name, "none", False, None)
