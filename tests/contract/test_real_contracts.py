"""The contracts of other people load: without an error, with schemas that compile and examples that fit."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.json_schema_suite import validator
from yett.contract import Contract, example_request, load_contract

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    "adyen_checkout_v40.json",
    "adyen_checkout_v46.json",
    "adyen_checkout_v50.json",
    "adyen_checkout_v52.json",
    "adyen_checkout_v64.json",
    "adyen_checkout_v66.json",
    "adyen_checkout_v68.json",
    "adyen_checkout_v70.json",
    "adyen_checkout_v72.json",
    "asana.yaml",
    "box.json",
    "github.yaml",
    "stripe.yaml",
    "twilio_api_v2010.json",
    "twilio_verify_v2.json",
)


@pytest.fixture(scope="module", params=NAMES)
def contract(request: pytest.FixtureRequest, corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Contract:
    path = tmp_path_factory.mktemp("real") / request.param
    path.write_bytes(gzip.decompress((corpora / "specs" / f"{request.param}.gz").read_bytes()))
    return load_contract(path, api="real")


def body_schemas(contract: Contract) -> list[tuple[str, Any]]:
    return [
        (operation.operation_id, media["schema"])
        for operation in contract.operations
        if operation.body is not None
        for media in operation.body["media"]
        if "schema" in media
    ]


def test_a_real_contract_when_loaded_then_has_no_error(contract: Contract) -> None:
    assert contract.errors == ()
    assert contract.operations
    assert len({one.operation_id for one in contract.operations}) == len(contract.operations)
    assert all(one.line > 0 and one.path.startswith("/") for one in contract.operations)


def test_the_schemas_of_a_real_contract_when_compiled_then_are_accepted(contract: Contract) -> None:
    everything = {
        "allOf": [
            *(schema for _, schema in body_schemas(contract)),
            *({"$ref": f"urn:yett:request#/$defs/{name}"} for name in contract.request_schemas),
            *({"$ref": f"urn:yett:response#/$defs/{name}"} for name in contract.response_schemas),
        ]
    }
    assert validator(contract, everything) is not None


def test_example_requests_of_a_real_contract_when_built_then_fill_every_template(contract: Contract) -> None:
    for operation in contract.operations:
        request = example_request(contract, operation)
        assert request.path.count("/") == operation.path.count("/")
        assert "{" not in request.path
        assert " " not in request.path + request.query
        assert request.method == operation.method


def test_example_bodies_of_a_real_contract_when_built_then_fit_their_schema(contract: Contract) -> None:
    # GitHub's own example of this body writes numbers as text where its schema wants integers.
    known = {"codespaces/set-repositories-for-secret-for-authenticated-user"}
    misfits = set()
    for operation in contract.operations:
        media = operation.body["media"][0] if operation.body is not None else {}
        body = example_request(contract, operation).body
        if body is not None and media.get("kind") == "json" and "schema" in media:
            fits = validator(contract, media["schema"]).is_valid(json.loads(body))
            misfits |= set() if fits else {operation.operation_id}
    assert misfits <= known
