"""Agreement with a comparison that nobody here wrote, and real contracts against their own past."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.contract.diff.labels import DISAGREE, NOT_ABOUT_ITS_PAIR, Label, pairs
from tests.contract.diff.page import PAGES, kinds_page
from yett.contract.diff import Comparison, compare_contracts

if TYPE_CHECKING:
    from collections.abc import Callable


def agrees(label: Label, found: Comparison) -> bool:
    """Whether the comparison has a change on the label's way that breaks callers, or one that does not, as it says."""
    if label.finding == "none":
        return found.severity != "breaking"
    return label.breaks in {one.severity == "breaking" for one in found.changes if label.way in (None, one.way)}


def compared(folder: Path, old: str, new: str) -> Comparison:
    paths = folder / "old.yaml", folder / "new.yaml"
    for path, text in zip(paths, (old, new), strict=True):
        path.write_text(text, encoding="utf-8")
    return compare_contracts(*paths)


def judged(corpora: Path, folder: Path) -> tuple[int, int, list[str]]:
    """How many pairs there are, how many labels agree, and the pair of each label that does not."""
    count, agreed, differing = 0, 0, []
    for name, old, new, labels in pairs(corpora):
        count += 1
        found = compared(folder, old, new)
        wrong = [label for label in labels if not agrees(label, found)]
        agreed += len(labels) - len(wrong)
        differing += [name] * len(wrong)
    return count, agreed, differing


def test_labels_and_changes_agree_on_what_breaks_callers(corpora: Path, tmp_path: Path) -> None:
    _, agreed, differing = judged(corpora, tmp_path)
    assert set(differing) == {*NOT_ABOUT_ITS_PAIR, *DISAGREE}
    about_their_pair = agreed + sum(name in DISAGREE for name in differing)
    assert agreed / about_their_pair >= 0.97


@pytest.mark.generated
@pytest.mark.parametrize("name", PAGES)
def test_the_pages_of_the_kinds_are_fresh(keep: Callable[[Path, str], None], name: str) -> None:
    keep(ROOT / "docs" / "reference" / "changes" / name, kinds_page(name))


ADYEN = [f"adyen_checkout_v{version}" for version in (40, 46, 50, 52, 64, 66, 68, 70, 72)]


@pytest.mark.parametrize(("old", "new"), [*pairwise(ADYEN), (ADYEN[0], ADYEN[-1]), (ADYEN[-1], ADYEN[0])])
def test_versions_of_a_real_contract_are_compared(corpora: Path, tmp_path: Path, old: str, new: str) -> None:
    texts = (gzip.decompress((corpora / "specs" / f"{name}.json.gz").read_bytes()).decode() for name in (old, new))
    found = compared(tmp_path, *texts)
    assert found.diagnostics == ()
    assert all((one.sentence and one.operations) or one.way == "contract" for one in found.changes)


@pytest.mark.parametrize("name", ["asana.yaml", "box.json", "twilio_api_v2010.json", "twilio_verify_v2.json"])
def test_a_real_contract_is_the_same_as_itself(corpora: Path, tmp_path: Path, name: str) -> None:
    text = gzip.decompress((corpora / "specs" / f"{name}.gz").read_bytes()).decode()
    assert compared(tmp_path, text, text).changes == ()
