"""Mistakes between the parts of a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, mistakes, only_mistake

SECOND_API = """\
  - name: bookshop-two
    contract: two.yaml
    upstream: http://127.0.0.1:9001
    base_path: /bookshop
collections:
"""


@pytest.mark.parametrize(
    ("written", "instead", "code", "hint"),
    [
        ("owner: shop-team", "owner: shop-tem", "unknown-team", "did you mean `shop-team`?"),
        ("team: shop-team", "team: nobody", "unknown-team", "known: `shop-team`"),
        ("profiles: [reader]", "profiles: [raeder]", "unknown-profile", "did you mean `reader`?"),
        ("{collection: catalogue}", "{collection: catalogu}", "unknown-collection", "did you mean `catalogue`?"),
        ("teams: [", "teams: [{name: shop-team}, ", "duplicate-name", "first defined at"),
        ("{env: READER_KEY}", "{env: A, id: k}, {env: B, id: k}", "duplicate-key-id", "first used at"),
        ("{env: READER_KEY}", "{env: A, profiles: [buyer]}", "profile-not-held", "known: `reader`"),
        ("identify: [api-key]", "identify: {api-key: {header: null, bearer: false}}", "identify-impossible", "header"),
        (
            "identify: [api-key]",
            "public: true\n    operations: {getBook: {public: false}}",
            "identify-missing",
            "identify",
        ),
        ("workers: 2", 'telemetry: "127.0.0.1:8080"', "address-taken", "another port"),
        ("collections:\n", SECOND_API, "base-path-taken", "the other one stands at"),
    ],
)
def test_a_reference_that_does_not_hold_is_reported_with_a_hint(
    tmp_path: Path, written: str, instead: str, code: str, hint: str
) -> None:
    found = only_mistake(tmp_path, BOOKSHOP.replace(written, instead))
    assert found.code == code
    assert hint in found.hint
    assert found.line > 0


def test_two_apis_at_the_same_base_path_on_different_hosts_are_fine(tmp_path: Path) -> None:
    text = BOOKSHOP.replace("owner: shop-team", "hosts: [a.example.com]").replace(
        "collections:\n", SECOND_API.replace("contract:", "hosts: [b.example.com]\n    contract:")
    )
    assert mistakes(tmp_path, text) == []
