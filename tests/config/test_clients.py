"""`gateway.clients` and `gateway.overload`: what is accepted, what is refused, and what the page about them shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from pydantic import ValidationError

from yett.config import configuration_schema
from yett.config.sections.clients import ClientsShape, OverloadShape, build_clients, build_overload
from yett.model.gateway import Clients, Overload

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "overload.md"


def test_what_is_not_said_is_as_the_model_says() -> None:
    assert build_clients(ClientsShape()) == Clients()
    assert build_overload(OverloadShape()) == Overload()


def test_units_are_read() -> None:
    shape = ClientsShape.model_validate({"request_timeout": "1m", "max_head": "16KiB", "min_download_rate": "2KiB"})
    built = build_clients(shape)
    assert (built.request_timeout_ms, built.max_head_bytes, built.min_download_rate) == (60_000, 16_384, 2_048)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"max_head": "1KiB"}, "size-out-of-range"),
        ({"max_head": "128KiB"}, "size-out-of-range"),
        ({"min_upload_rate": "2MiB"}, "rate-out-of-range"),
        ({"min_download_rate": 1_000_001}, "rate-out-of-range"),
        ({"max_connections_per_address": 0}, "greater_than_equal"),
        ({"max_resets": 0}, "greater_than_equal"),
        ({"max_headers": 1001}, "less_than_equal"),
    ],
)
def test_limits_out_of_range_are_mistakes(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ClientsShape.model_validate(wrong)
    assert [error["type"] for error in caught.value.errors()] == [code]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"lag": "1ms"}, "duration-out-of-range"),
        ({"slack": "2h"}, "duration-out-of-range"),
        ({"tolerance": 0}, "greater_than_equal"),
        ({"mode": "on"}, "literal_error"),
    ],
)
def test_settings_of_overload_out_of_range_are_mistakes(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        OverloadShape.model_validate(wrong)
    assert [error["type"] for error in caught.value.errors()] == [code]


def test_the_examples_of_the_page_are_configurations() -> None:
    blocks = re.findall(r"(?:^    .*\n)+", PAGE.read_text(), re.MULTILINE)
    assert len(blocks) == 2
    validator = jsonschema_rs.validator_for(configuration_schema())
    for block in blocks:
        document = {"yett": 1, **yaml.safe_load(block)}
        for api in document.get("apis", []):
            api |= {"contract": "shop.openapi.yaml", "upstream": "http://127.0.0.1:9000"}
        validator.validate(document)
