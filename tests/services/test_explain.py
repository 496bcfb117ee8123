"""Explaining one request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.native import NATIVE
from tests.services.places import ENVIRONMENT, SETTINGS, lay_out
from yett.errors import ConfigurationError, GatewayError
from yett.gateway import Request
from yett.services.explain import explain_request


def test_a_configuration_with_mistakes_explains_nothing_but_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        explain_request(lay_out(tmp_path), Request("GET", "/shop/books/1"), {})


@NATIVE
@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Request("GET", "/shop/books/1", app="reader-app"), None),
        (Request("GET", "/shop/books/1", headers=(("x-api-key", ENVIRONMENT["READER_KEY"]),)), None),
        (Request("GET", "/shop/books/1"), "credential-missing"),
        (Request("GET", "/shop/books", app="reader-app"), "access-denied"),
        (Request("GET", "/shop/books/one", app="reader-app"), "request-invalid"),
        (Request("GET", "/elsewhere"), "api-unknown"),
        (Request("POST", "/shop/books"), "method-not-allowed"),
    ],
)
def test_a_request_when_explained_is_decided_as_the_gateway_would(
    tmp_path: Path, request_: Request, code: str | None
) -> None:
    decision = explain_request(lay_out(tmp_path), request_, ENVIRONMENT)
    assert (decision.code, decision.allowed) == (code, code is None)
    assert decision.phases[0].phase == "receive"


@NATIVE
def test_an_app_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GatewayError):
        explain_request(lay_out(tmp_path), Request("GET", "/shop/books/1", app="nobody"), ENVIRONMENT)


@NATIVE
def test_hashed_keys_without_their_pepper_explain_nothing(tmp_path: Path) -> None:
    hashed = '{hash: "' + "0" * 64 + '", prefix: "yett_live_FAKEKEY0"}'
    with pytest.raises(ConfigurationError):
        explain_request(lay_out(tmp_path, SETTINGS.replace("{env: READER_KEY}", hashed)), Request("GET", "/"), {})
