"""The engine without sockets, as seen from Python."""

from __future__ import annotations

import pytest

from tests.gateway.fake import fake_native
from tests.native import NATIVE
from yett.errors import NativeMissingError, SnapshotRefusedError
from yett.gateway import Request, SnapshotMistake, build_info, catalogue, check_snapshot, decide

PEPPER = b"p" * 32


def test_a_decision_is_read_into_types() -> None:
    with fake_native():
        first, second = decide(b"{}", [Request("GET", "/a"), Request("GET", "/b")], PEPPER)
    assert (first.allowed, first.status, first.code, first.operation, second.operation) == (
        False, 403, "access-denied", "/a", "/b",
    )  # fmt: skip
    assert first.phases[0].reasons == ("no profile grants it",)
    assert first.violations[0].field == "a"
    assert first.headers == (("retry-after", "1"),)


def test_mistakes_of_a_snapshot_are_data() -> None:
    with fake_native():
        assert check_snapshot(b"{}", PEPPER) == (SnapshotMistake("/apis", "odd", "is odd", "mend it"),)
        assert catalogue() == {"errors": []}
        assert build_info() == {"version": "0"}


def test_everything_says_when_the_native_module_is_missing() -> None:
    with fake_native(present=False):
        for ask in (catalogue, build_info, lambda: check_snapshot(b"", PEPPER), lambda: decide(b"", [], PEPPER)):
            with pytest.raises(NativeMissingError):
                ask()


@NATIVE
def test_the_real_engine_finds_mistakes_and_refuses_to_decide_with_them() -> None:
    assert check_snapshot(b'{"apis":[],"format":1}', PEPPER) == ()
    (mistake,) = check_snapshot(b'{"apis":[],"format":99}', PEPPER)
    assert mistake.pointer == "/format"
    with pytest.raises(SnapshotRefusedError):
        decide(b'{"apis":[],"format":99}', [], PEPPER)


@NATIVE
def test_the_real_engine_decides() -> None:
    (decision,) = decide(b'{"apis":[],"format":1}', [Request("GET", "/x")], PEPPER)
    assert (decision.allowed, decision.code) == (False, "api-unknown")
