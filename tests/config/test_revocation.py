"""When revocation lists expire."""

from __future__ import annotations

import base64
import contextlib
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.config.certificates import OPENSSL, make_list, make_pair
from yett.config.revocation import _next_update, lists_expire


@OPENSSL
def test_the_first_of_several_lists_to_expire_counts(tmp_path: Path) -> None:
    make_pair(tmp_path)
    for name, days in (("one", 40), ("two", 3)):
        make_list(tmp_path, name, days)
    both = tmp_path / "both.crl"
    both.write_text((tmp_path / "one.crl").read_text() + (tmp_path / "two.crl").read_text())
    expires = lists_expire(str(both))
    assert expires is not None
    assert abs(expires - time.time() - 3 * 86_400) < 120


def test_what_is_no_list_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bad.crl"
    for body in ("", "MA==", "AAAA", base64.b64encode(b"\x30\x84\xff\xff\xff\xff").decode()):
        path.write_text(f"-----BEGIN X509 CRL-----\n{body}\n-----END X509 CRL-----\n")
        assert lists_expire(str(path)) is None
    assert lists_expire(str(tmp_path / "none.crl")) is None


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_read_or_refused(der: bytes) -> None:
    with contextlib.suppress(IndexError, ValueError):
        _next_update(der)
