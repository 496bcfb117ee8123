"""Semantic versions against what has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.diff.contracts import BASE, compare, with_entry, with_operation
from yett.contract.diff.versions import judge_version

GONE: dict[str, Any] = with_entry("paths", {})
MORE = with_entry("paths", {**BASE["paths"], "/more": BASE["paths"]["/books"]})
WORDS = with_operation(summary="Add a book")


@pytest.mark.parametrize(
    ("document", "old", "new", "needed", "made", "enough"),
    [
        (GONE, "1.2.3", "2.0.0", "major", "major", True),
        (GONE, "1.2.3", "1.3.0", "major", "minor", False),
        (GONE, "0.2.3", "0.3.0", "minor", "minor", True),
        (MORE, "1.2.3", "1.3.0", "minor", "minor", True),
        (MORE, "1.2.3", "1.2.4", "minor", "patch", False),
        (WORDS, "1.2.3", "1.2.4", "patch", "patch", True),
        (WORDS, "1.2.3", "1.2.3", "patch", "none", False),
        (WORDS, "1.2.3", "1.2.2", "patch", "none", False),
        (BASE, "1.2.3", "1.2.3", "none", "none", True),
        (GONE, "2.0.0-beta.1", "3.0.0+build", "major", "major", True),
    ],
)
def test_the_step_of_a_version_must_say_what_has_changed(
    tmp_path: Path, document: dict[str, Any], old: str, new: str, needed: str, made: str, enough: bool
) -> None:
    documents = (
        {**one, "info": {"title": "Shop", "version": version}} for one, version in ((BASE, old), (document, new))
    )
    verdict = judge_version(compare(tmp_path, *documents))
    assert (verdict.needed, verdict.made, verdict.is_enough) == (needed, made, enough)


def test_a_version_that_is_none_is_never_enough(tmp_path: Path) -> None:
    verdict = judge_version(compare(tmp_path, BASE, {**BASE, "info": {"title": "Shop", "version": "v2"}}))
    assert not verdict.is_enough
    assert "'v2'" in verdict.sentence
