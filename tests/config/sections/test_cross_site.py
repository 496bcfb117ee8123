"""Pages of other origins, as they are written: what is refused, and what comes of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.config.sections.test_proxy import codes
from yett.config.sections.apis import ApiShape
from yett.config.sections.cross_site import CorsGuardShape

API = {"name": "shop", "contract": "shop.yaml", "upstream": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    ("guards", "code"),
    [
        ({"cors": {"origins": ["null"]}}, "origin-invalid"),
        ({"cors": {"origins": ["https://*.com"]}}, "origin-invalid"),
        ({"cors": {"origins": ["https://*"]}}, "origin-invalid"),
        ({"cors": {"origins": ["https://a.example/path"]}}, "origin-invalid"),
        ({"cors": {"origins": ["*", "https://a.example"]}}, "origin-invalid"),
        ({"cors": {"origins": ["*"], "credentials": True}}, "cors-credentials-for-all"),
        ({"cors": {"origins": ["https://a.example"], "headers": ["a b"]}}, "header-invalid"),
        ({"csrf": {"origins": ["*"]}}, "origin-invalid"),
        ({"csrf": {"cookies": ["a b"]}}, "cookie-invalid"),
        ({"csrf": {"token": True}}, "csrf-token-invalid"),
        ({"csrf": {"cookies": ["s"], "token": {"cookie": "csrf"}}}, "cookie-invalid"),
        ({"csrf": {"cookies": ["s"], "token": {"lifetime": "1s"}}}, "duration-invalid"),
    ],
)
def test_a_setting_that_protects_nothing_is_told(tmp_path: Path, guards: dict[str, Any], code: str) -> None:
    assert codes(tmp_path, {"guards": guards}) == [code]


@pytest.mark.parametrize(
    "settings",
    [
        {"security_headers": {"referrer_policy": ""}},
        {"security_headers": {"content_security_policy": "a\nb"}},
        {"cookies": {"exceptions": ["a;b"]}},
    ],
)
def test_a_field_that_cannot_be_is_told(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert len(codes(tmp_path, settings)) == 1


def test_an_origin_is_held_as_browsers_spell_it() -> None:
    shape = CorsGuardShape.model_validate({"origins": ["https://App.example:443", "https://*.Example.org"]})
    assert shape.origins == ["https://app.example", "https://*.example.org"]


def test_cookies_and_answers_are_protected_unless_told_otherwise() -> None:
    shape = ApiShape.model_validate(API)
    assert (shape.cookies.http_only, shape.cookies.same_site, shape.security_headers) == (True, "lax", True)
    assert shape.guards.csrf is None
    assert shape.guards.cors.origins == []
