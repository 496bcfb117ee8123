"""`policies`: what may be written, and where each piece of Cedar stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, mistakes, only_mistake
from yett.model.policy import Passage, Policy, Rule


def policy(folder: Path, text: str) -> Policy:
    """The one policy of the bookshop."""
    loaded = load(folder, f"{BOOKSHOP}policies:\n{text}")
    assert not loaded.diagnostics, loaded.diagnostics
    return loaded.configuration.policies[0]


def test_the_short_form_is_read_with_its_places(tmp_path: Path) -> None:
    read = policy(
        tmp_path,
        "  - name: office-hours\n"
        "    forbid: {operations: ['bookshop:delete*'], methods: [DELETE], profiles: [reader]}\n"
        '    unless: "context.time.hour >= 8"\n'
        "    mode: monitor\n"
        "    reason: Come back tomorrow.\n",
    )
    assert isinstance(read.body, Rule)
    assert (read.name, read.mode, read.reason) == ("office-hours", "monitor", "Come back tomorrow.")
    assert (read.body.effect, read.body.scope.methods, read.body.when) == ("forbid", ("DELETE",), None)
    assert read.body.unless is not None
    assert read.body.unless.spot(1, 9)[1:] == (21, 22)


def test_a_text_in_a_block_knows_where_each_line_stands(tmp_path: Path) -> None:
    read = policy(tmp_path, "  - name: x\n    cedar: |\n      forbid(principal,\n        action, resource);\n")
    assert isinstance(read.body, Passage)
    assert read.body.spot(1, 1)[1:] == (21, 7)
    assert read.body.spot(2, 3)[1:] == (22, 9)


def test_a_file_is_read_and_watched(tmp_path: Path) -> None:
    (tmp_path / "x.cedar").write_text("forbid(principal, action, resource);\n", encoding="utf-8")
    loaded = load(tmp_path, f"{BOOKSHOP}policies: [{{name: x, file: x.cedar}}]\n")
    body = loaded.configuration.policies[0].body
    assert isinstance(body, Passage)
    assert body.spot(1, 8) == (str(tmp_path / "x.cedar"), 1, 8)
    assert str(tmp_path / "x.cedar") in loaded.files
    assert only_mistake(tmp_path, f"{BOOKSHOP}policies: [{{name: x, file: y.cedar}}]\n").code == "file-missing"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{name: x}", "policy-unclear"),
        ("{name: x, forbid: {}, permit: {}}", "policy-unclear"),
        ("{name: x, cedar: 'a', file: b}", "policy-unclear"),
        ("{name: x, cedar: 'a', when: 'true'}", "policy-unclear"),
        ("{name: x, forbid: {methods: [get]}}", "unknown-value"),
        ("{name: x, forbid: {operation: [a:b]}}", "unknown-key"),
        ("{name: x, forbid: {operations: [get]}}", "operation-invalid"),
        ("{name: x, forbid: {profiles: [raeder]}}", "unknown-profile"),
        ("{name: x, forbid: {apps: [raeder-app]}}", "unknown-app"),
        ("{name: x, permit: {teams: [shop]}}", "unknown-team"),
        ("{name: x, permit: {collections: [catalog]}}", "unknown-collection"),
        ("{name: x, forbid: {}, mode: watch}", "unknown-value"),
        ("{name: x, forbid: {}}, {name: x, forbid: {}}", "duplicate-name"),
    ],
)
def test_what_is_unclear_or_unknown_is_a_mistake(tmp_path: Path, text: str, code: str) -> None:
    assert only_mistake(tmp_path, f"{BOOKSHOP}policies: [{text}]\n").code == code


def test_the_time_zone_and_the_claims_are_checked(tmp_path: Path) -> None:
    text = BOOKSHOP.replace("workers: 2", "workers: 2, time_zone: Europe/Stokholm, claims: {level: number}")
    found = {one.code: one for one in mistakes(tmp_path, text)}
    assert found["time-zone-unknown"].hint == "did you mean `Europe/Stockholm`?"
    assert "unknown-value" in found
