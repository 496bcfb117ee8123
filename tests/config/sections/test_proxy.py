"""How an API is exposed, as it is written: what is refused, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from yett.config import load_configuration


def codes(tmp_path: Path, api: dict[str, Any] | None = None, gateway: dict[str, Any] | None = None) -> list[str]:
    """The codes of the mistakes in a configuration with these settings."""
    (tmp_path / "shop.yaml").write_text("openapi: 3.1.0\n", encoding="utf-8")
    shop = {"name": "shop", "contract": "shop.yaml", "upstream": "http://127.0.0.1:9", **(api or {})}
    document = {"yett": 1, "gateway": gateway or {}, "apis": [shop]}
    (tmp_path / "yett.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return [one.code for one in load_configuration(str(tmp_path / "yett.yaml")).diagnostics]


@pytest.mark.parametrize(
    ("api", "code"),
    [
        ({"rewrite": [{"from": "books", "to": "/a"}]}, "path-template-invalid"),
        ({"rewrite": [{"from": "/books/../x", "to": "/a"}]}, "path-template-invalid"),
        ({"operations": {"a": {"upstream_path": "/a//b"}}}, "path-template-invalid"),
        ({"redirects": [{"from": "/a", "to": "//evil.example/"}]}, "path-template-invalid"),
        ({"redirects": [{"from": "/a", "to": "/b\r\nx: y"}]}, "path-template-invalid"),
        ({"headers": {"request": {"set": {"x-a": {"env": "SECRET"}}}}}, "secret-not-here"),
        ({"headers": {"request": {"set": {"authorization": "Basic eA=="}}}}, "secret-literal"),
        ({"headers": {"response": {"set": {"x-a": "a\nb"}}}}, "header-invalid"),
        ({"headers": {"response": {"remove": ["x a"]}}}, "header-invalid"),
        ({"errors": {"replace": [200]}}, "status-invalid"),
        ({"upstream_identity": {"audience": "a", "lifetime": "2h"}}, "duration-invalid"),
    ],
)
def test_a_setting_that_cannot_be_is_told(tmp_path: Path, api: dict[str, Any], code: str) -> None:
    assert codes(tmp_path, api) == [code]


@pytest.mark.parametrize(
    ("gateway", "code"),
    [
        ({"trusted_proxies": ["10.0.0.1/8"]}, "network-invalid"),
        ({"trusted_proxies": ["proxy.example"]}, "network-invalid"),
        ({"identity": {"issuer": "i", "jwks": "/a/../b"}}, "path-invalid"),
        ({"identity": {"issuer": "i", "key": "-----BEGIN PRIVATE KEY-----"}}, "secret-literal"),
    ],
)
def test_a_setting_of_the_gateway_that_cannot_be_is_told(tmp_path: Path, gateway: dict[str, Any], code: str) -> None:
    assert code in codes(tmp_path, gateway=gateway)


def test_good_settings_are_good(tmp_path: Path) -> None:
    api = {
        "rewrite": [{"from": "/books/*", "to": "/v2/*"}],
        "redirects": [{"from": "/old/{id}", "to": "https://shop.example/books/{id}"}],
        "headers": {"request": {"set": {"x-token-owner": "${app}"}, "allow": []}},
        "errors": {"replace": [503, "4XX"]},
    }
    gateway = {"trusted_proxies": ["10.0.0.0/8", "::1"], "tracing": {"accept": "none"}}
    assert codes(tmp_path, api, gateway) == []
