"""Users, and as whom issuers know them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, mistakes, only_mistake
from yett.compile.access import compile_users
from yett.config import load_configuration

ISSUERS = """
issuers:
  - {name: corp, issuer: "https://id.example.com", jwks: "https://id.example.com/jwks", audiences: [shop], app: helper}
  - name: other
    issuer: https://other.example.com
    jwks: https://other.example.com/jwks
    audiences: [shop]
    app: helper
    user_from: sub
"""
AGENT = BOOKSHOP.replace("apps:\n", "apps:\n  - {name: helper, team: shop-team, agent: true}\n")


def written(users: str, issuers: str = ISSUERS) -> str:
    return f"{AGENT}{issuers}users:\n{users}"


def test_a_user_whom_two_issuers_could_speak_for_is_refused_with_the_line_to_write(tmp_path: Path) -> None:
    found = only_mistake(tmp_path, written("  - {name: mira}\n"))
    assert (found.code, found.line > 0) == ("user-unbound", True)
    assert "issuer: https://id.example.com, subject: ..." in found.hint


@pytest.mark.parametrize(
    "users",
    [
        "  - {name: mira, issuer: corp, subject: 00u1}\n",
        '  - {name: mira, issuer: "https://id.example.com"}\n',
        "  - {name: mira, identities: [{issuer: corp, subject: a}, {issuer: other, subject: b}]}\n",
        "  - {name: mira, issuer: corp, subject: a}\n  - {name: otto, issuer: other, subject: a}\n",
    ],
)
def test_a_user_is_bound_to_issuer_and_subject(tmp_path: Path, users: str) -> None:
    assert mistakes(tmp_path, written(users)) == []


def test_without_agents_or_with_one_issuer_a_name_is_enough(tmp_path: Path) -> None:
    no_agent = written("  - {name: mira}\n").replace(", agent: true", "")
    one_issuer = written("  - {name: mira}\n").replace("user_from: sub", "user_from: null")
    assert (mistakes(tmp_path, no_agent), mistakes(tmp_path, one_issuer)) == ([], [])


@pytest.mark.parametrize(
    ("users", "code", "hint"),
    [
        ("  - {name: mira, issuer: crop, subject: a}\n", "unknown-issuer", "did you mean `corp`?"),
        ("  - {name: mira, subject: a}\n", "identity-unclear", "`issuer`"),
        ("  - {name: mira, issuer: corp, identities: [{issuer: other, subject: b}]}\n", "identity-unclear", "both"),
        (
            '  - {name: mira, issuer: corp, subject: a}\n  - {name: o, issuer: "https://id.example.com", subject: a}\n',
            "user-ambiguous",
            "the other one stands at",
        ),
    ],
)
def test_a_binding_that_does_not_hold_is_reported(tmp_path: Path, users: str, code: str, hint: str) -> None:
    found = only_mistake(tmp_path, written(users))
    assert found.code == code
    assert hint in found.hint


def test_a_user_of_an_issuer_that_names_none_is_reported(tmp_path: Path) -> None:
    nameless = ISSUERS.replace("user_from: sub", "user_from: null")
    assert only_mistake(tmp_path, written("  - {name: mira, issuer: other}\n", nameless)).code == "issuer-nameless"


def test_the_snapshot_has_the_name_that_tokens_carry(tmp_path: Path) -> None:
    path = tmp_path / "yett.yaml"
    path.write_text(written("  - {name: mira, issuer: corp, subject: 00u1}\n"))
    (user,) = compile_users(load_configuration(str(path)).configuration)
    assert user["identities"] == [{"issuer": "https://id.example.com", "subject": "00u1"}]
