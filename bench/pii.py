"""How well the mask guard finds personal data in labelled texts that nobody here wrote: `python -m bench.pii`.

The corpus is `pii/presidio-synth-v2.json.gz` under `YETT_CORPORA`; where it is absent nothing is measured, and said so.
A find counts if it overlaps a label of its kind; what is found besides is a false alarm.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yett.gateway import find_data

CORPUS = Path(os.environ.get("YETT_CORPORA", "../shared/corpora")) / "pii" / "presidio-synth-v2.json.gz"
LABELS = {
    "CREDIT_CARD": "pii.card",
    "IBAN_CODE": "pii.account.iban",
    "EMAIL_ADDRESS": "pii.email",
    "US_SSN": "pii.identity.us-ssn",
    "PHONE_NUMBER": "pii.phone",
}
"""The class that a label of the corpus stands for."""
CHECKED = ("CREDIT_CARD", "IBAN_CODE")
"""Labels of what has a checksum."""
LEAST = 0.97
"""What is asked of them."""


@dataclass(frozen=True)
class Row:
    """How well one kind is found."""

    label: str
    right: int
    missed: int
    false: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(1, 2 * self.right + self.missed + self.false)


def score(texts: list[dict[str, Any]], label: str) -> Row:
    """How well `label` is found in labelled texts."""
    right = missed = false = 0
    for text in texts:
        spans = [(one["start_position"], one["end_position"]) for one in text["spans"] if one["entity_type"] == label]
        found = find_data(text["full_text"], [LABELS[label]])
        hits = [span for span in spans if any(one.start < span[1] and span[0] < one.end for one in found)]
        right += len(hits)
        missed += len(spans) - len(hits)
        false += sum(not any(one.start < end and start < one.end for start, end in spans) for one in found)
    return Row(label, right, missed, false)


def rows() -> list[Row]:
    """The score of every kind; none without the corpus."""
    if not CORPUS.exists():
        return []
    texts = json.loads(gzip.decompress(CORPUS.read_bytes()))
    return [score(texts, label) for label in LABELS]


def main() -> int:
    """Print the table; 1 if what has a checksum is found less well than is asked."""
    measured = rows()
    if not measured:
        print(f"there is no corpus at {CORPUS}: nothing is measured")
        return 0
    print("| entity | found | missed | false | F1 |\n| --- | --- | --- | --- | --- |")
    for row in measured:
        print(f"| {row.label} | {row.right} | {row.missed} | {row.false} | {row.f1:.3f} |")
    return int(any(row.f1 < LEAST for row in measured if row.label in CHECKED))


if __name__ == "__main__":
    sys.exit(main())
