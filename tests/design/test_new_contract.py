"""A new contract passes what we hold others to."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from yett.contract import example_request, load_contract
from yett.design.kinds import KINDS
from yett.design.resources import pascal
from yett.documents import read_document
from yett.governance.lint import lint
from yett.governance.ruleset import load_ruleset
from yett.services.check import check_configuration
from yett.services.new_api import Plan, ResourceError, write_api

# Words that mean something to schemas, contracts, rules or classifications, where nobody expects them.
CURIOUS = (
    "type", "enum", "items", "format", "properties", "required", "example", "examples", "default", "schema",
    "parameters", "responses", "headers", "securitySchemes", "title", "description", "name", "content", "in", "email",
    "phone_number", "iban", "password", "api_key", "secret", "birthDate", "ref", "const", "limit", "cursor", "userId",
)  # fmt: skip
NOUNS = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,5})?", fullmatch=True)
NAMES = (st.sampled_from(CURIOUS) | st.from_regex(r"[a-z][A-Za-z0-9_]{0,12}", fullmatch=True)).filter(
    lambda one: one != "id"
)
CHOICES = st.lists(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,8}", fullmatch=True), min_size=2, max_size=4, unique=True
)
TYPES = st.tuples(
    st.sampled_from(sorted(KINDS)) | CHOICES.map("|".join), st.sampled_from(["", "[]"]), st.sampled_from(["", "?"])
).map("".join)
PROPERTIES = st.dictionaries(NAMES, TYPES, min_size=1, max_size=5)
SPECS = st.builds(
    lambda noun, held: f"{noun}:{','.join(f'{name}:{kind}' for name, kind in held.items())}", NOUNS, PROPERTIES
)
RESOURCES = st.lists(SPECS, min_size=1, max_size=2, unique_by=lambda one: pascal(one.partition(":")[0]).lower())
RULES = load_ruleset("yett:recommended")


@settings(max_examples=12, deadline=None)
@given(RESOURCES, st.sampled_from(["api-key", "bearer"]))
def test_whatever_it_keeps_nothing_is_found_in_it(resources: list[str], scheme: str) -> None:
    with TemporaryDirectory() as folder:
        try:
            made = write_api(Plan("book-shop", resources, Path(folder), scheme=scheme))
        except ResourceError:
            # Names that would be used twice, such as those of `book` and `book-page`.
            reject()
        document = read_document(made.contract.read_bytes(), file="c.yaml")
        assert lint(document, RULES) == ()
        contract = load_contract(made.contract, api="shop")
        assert contract.diagnostics == ()
        assert len(contract.operations) == made.operations == 5 * len(resources)
        assert check_configuration(folder, {}).diagnostics == ()


def test_secrets_are_taken_and_never_told(tmp_path: Path) -> None:
    made = write_api(Plan("shop", ["clerk:name:string,password:string"], tmp_path))
    schemas = read_document(made.contract.read_bytes(), file="c.yaml").value["components"]["schemas"]
    assert "password" not in schemas["Clerk"]["properties"]
    assert schemas["ClerkInput"]["properties"]["password"]["writeOnly"] is True


def test_every_operation_has_a_request_that_can_be_made(tmp_path: Path) -> None:
    made = write_api(Plan("shop", ["book:title:string,price:number"], tmp_path))
    contract = load_contract(made.contract, api="shop")
    made_up = {one.operation_id: example_request(contract, one) for one in contract.operations}
    assert '"title": "Example title"' in str(made_up["createBook"])
