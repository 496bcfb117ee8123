"""Texts with a meaning."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from yett.config.sections import scalars


def read(kind: Any, value: object) -> Any:
    """What `value` is read as, in the strict manner of the sections."""
    return TypeAdapter(kind).validate_python(value, strict=True)


def refused(kind: Any, value: object) -> str:
    """The code with which `value` is refused."""
    with pytest.raises(ValidationError) as refusal:
        read(kind, value)
    return refusal.value.errors()[0]["type"]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (scalars.Duration, "250ms", 250),
        (scalars.Duration, "5s", 5_000),
        (scalars.Duration, "1m", 60_000),
        (scalars.Size, "1MiB", 1 << 20),
        (scalars.Size, "512KiB", 512 << 10),
        (scalars.Size, 1000, 1000),
        (scalars.Size, "0B", 0),
        (scalars.Address, "localhost:80", "127.0.0.1:80"),
        (scalars.Address, "[::1]:0", "[::1]:0"),
        (scalars.Host, "API.Example.com.", "api.example.com"),
        (scalars.Origin, "https://App.example", "https://app.example"),
        (scalars.Origin, "https://app.example:443", "https://app.example"),
        (scalars.Origin, "http://[::1]:8080", "http://[::1]:8080"),
        (scalars.Host, "[::1]", "[::1]"),
        (scalars.Url, "https://books.internal:8443/v1/", "https://books.internal:8443/v1"),
        (scalars.BasePath, "/", "/"),
        (scalars.BasePath, "/a/b-c.d~", "/a/b-c.d~"),
        (scalars.HeaderName, "X-Api-Key", "x-api-key"),
        (scalars.Expiry, "2027-01-31", 1_801_353_600),
        (scalars.Expiry, "2027-01-31T01:00:00+01:00", 1_801_353_600),
        (scalars.Expiry, "2027-01-31t00:00:00z", 1_801_353_600),
        (scalars.Name, "a-1", "a-1"),
    ],
)
def test_a_text_when_it_has_the_form_is_read(kind: Any, text: object, value: object) -> None:
    assert read(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (scalars.Duration, "5", "duration-invalid"),
        (scalars.Duration, 5, "duration-invalid"),
        (scalars.Duration, "0s", "duration-invalid"),
        (scalars.Duration, "25h", "duration-invalid"),
        (scalars.Duration, "٣s", "duration-invalid"),
        (scalars.Size, "1MB", "size-invalid"),
        (scalars.Size, -1, "size-invalid"),
        (scalars.Size, True, "size-invalid"),
        (scalars.Size, 1.5, "size-invalid"),
        (scalars.Address, "8080", "address-invalid"),
        (scalars.Address, "127.0.0.1:65536", "address-invalid"),
        (scalars.Address, "::1:80", "address-invalid"),
        (scalars.Address, "example.com:80", "address-invalid"),
        (scalars.Host, "api.example.com:80", "host-invalid"),
        (scalars.Host, "*.example.com", "host-invalid"),
        (scalars.Url, "ftp://a", "url-invalid"),
        (scalars.Url, "http://", "url-invalid"),
        (scalars.Url, "http://a:99999", "url-invalid"),
        (scalars.Url, "http://a/?q", "url-invalid"),
        (scalars.Url, "http://a/{b}", "url-invalid"),
        (scalars.Url, "http://me@a", "secret-literal"),
        (scalars.BasePath, "books", "base-path-invalid"),
        (scalars.BasePath, "/a/../b", "base-path-invalid"),
        (scalars.BasePath, "/a//b", "base-path-invalid"),
        (scalars.BasePath, "/{a}", "base-path-invalid"),
        (scalars.HeaderName, "Authorization", "header-invalid"),
        (scalars.HeaderName, "x key", "header-invalid"),
        (scalars.Expiry, "2027-02-30", "date-invalid"),
        (scalars.Expiry, "2027-01-31T18:00:00", "date-invalid"),
        (scalars.Expiry, "tomorrow", "date-invalid"),
        (scalars.Name, "Shop", "name-invalid"),
        (scalars.Name, "a--b", "name-invalid"),
        (scalars.Name, "a" * 65, "name-invalid"),
        (scalars.Origin, "app.example", "origin-invalid"),
        (scalars.Origin, "https://app.example/", "origin-invalid"),
        (scalars.Origin, "https://a@b.example", "origin-invalid"),
        (scalars.Origin, "ftp://a", "origin-invalid"),
        (scalars.Origin, "*", "origin-invalid"),
        (scalars.Origin, "null", "origin-invalid"),
        (scalars.Origin, "https://", "origin-invalid"),
        (scalars.Origin, "http://a:0", "origin-invalid"),
        (scalars.Origin, "https://a:99999", "origin-invalid"),
    ],
)
def test_a_text_when_it_lacks_the_form_is_refused_by_code(kind: Any, value: object, code: str) -> None:
    assert refused(kind, value) == code


ALL = [
    scalars.Duration, scalars.Size, scalars.Address, scalars.Host, scalars.Url, scalars.BasePath, scalars.HeaderName,
    scalars.Expiry, scalars.Name,
]  # fmt: skip


@pytest.mark.parametrize("kind", ALL)
@given(value=st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.text())))
def test_anything_when_read_gives_a_value_or_a_refusal_never_a_crash(kind: Any, value: object) -> None:
    with suppress(ValidationError):
        TypeAdapter(kind).validate_python(value, strict=True)
