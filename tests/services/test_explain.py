"""Explaining one request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.fake import fake_native
from tests.native import NATIVE
from tests.services.places import ENVIRONMENT, SETTINGS, lay_out
from yett.errors import ConfigurationError, GatewayError
from yett.gateway import Request
from yett.services.explain import explain_request


def test_a_configuration_with_mistakes_explains_nothing_but_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        explain_request(lay_out(tmp_path, SETTINGS.replace("minute", "minit")), Request("GET", "/"), ENVIRONMENT)


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
    decision = explain_request(lay_out(tmp_path), request_, ENVIRONMENT).decision
    assert (decision.code, decision.allowed) == (code, code is None)
    assert decision.phases[0].phase == "receive"


@NATIVE
def test_an_app_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GatewayError):
        explain_request(lay_out(tmp_path), Request("GET", "/shop/books/1", app="nobody"), ENVIRONMENT)


@pytest.mark.parametrize("key", ["{env: READER_KEY}", '{hash: "' + "0" * 64 + '", prefix: "yett_live_FAKEKEY0"}'])
def test_a_secret_that_is_not_there_hinders_nobody_and_is_told(tmp_path: Path, key: str) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("{env: READER_KEY}", key))
    with fake_native():
        explanation = explain_request(path, Request("GET", "/"), {})
    assert [one.severity for one in explanation.absent] == ["warning"]
    assert list(tmp_path.glob(".yett")) == []
