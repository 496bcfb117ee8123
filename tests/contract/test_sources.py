"""References stay within the contract's folder, and nothing is fetched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.contract.contracts import codes, document, load, operation_contract, schema_contract
from yett.contract import load_contract
from yett.documents import Limits

if TYPE_CHECKING:
    from pathlib import Path


def refer(folder: Path, reference: str) -> list[str]:
    """Return the codes of a contract in `folder` whose body refers to `reference`."""
    body = {"content": {"application/json": {"schema": {"$ref": reference}}}}
    return codes(load(folder, document({"/a": {"post": {"operationId": "a", "requestBody": body}}})))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a contract, beside a file that is none of its business."""
    (tmp_path / "secret.yaml").write_text("type: string")
    inside = tmp_path / "contracts"
    inside.mkdir()
    (inside / "schemas").mkdir()
    (inside / "schemas" / "book.yaml").write_text("properties: {author: {$ref: author.yaml#/Author}}")
    (inside / "schemas" / "author.yaml").write_text("Author: {type: string}")
    return inside


def test_a_reference_when_it_stays_in_the_folder_then_is_followed_through_files(folder: Path) -> None:
    assert refer(folder, "schemas/book.yaml") == []
    assert refer(folder, "./schemas/../schemas/author.yaml#/Author") == []
    assert refer(folder, "schemas/%62ook.yaml") == []


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("/etc/passwd", "ref-outside"),
        ("../secret.yaml", "ref-outside"),
        ("%2e%2e/secret.yaml", "ref-outside"),
        ("schemas/../../secret.yaml", "ref-outside"),
        ("..\\secret.yaml", "ref-outside"),
        ("file:///etc/passwd", "ref-remote"),
        ("http://127.0.0.1/a.yaml", "ref-remote"),
        ("HTTPS://example.com/a.yaml#/b", "ref-remote"),
        ("//example.com/a.yaml", "ref-remote"),
        ("urn:example:a", "ref-remote"),
        ("missing.yaml", "ref-unresolved"),
        ("schemas", "ref-unresolved"),
        ("schemas/book.yaml#/nothing", "ref-unresolved"),
        ("schemas/book.yaml\0", "ref-outside"),
        ("a" * 5000, "ref-unresolved"),
        ("http://[", "ref-remote"),
    ],
)
def test_a_reference_when_it_leads_out_then_is_refused_with_a_hint(folder: Path, reference: str, code: str) -> None:
    assert refer(folder, reference) == [code]


def test_a_symbolic_link_when_it_leads_out_then_is_refused(folder: Path) -> None:
    (folder / "link.yaml").symlink_to(folder.parent / "secret.yaml")
    (folder / "folder").symlink_to(folder.parent)
    (folder / "circle.yaml").symlink_to(folder / "circle.yaml")
    assert refer(folder, "link.yaml") == ["ref-outside"]
    assert refer(folder, "folder/secret.yaml") == ["ref-outside"]
    assert refer(folder, "circle.yaml") == ["ref-unresolved"]


def test_a_named_pipe_when_referred_to_then_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")
    assert refer(folder, "pipe.yaml") == ["ref-unresolved"]


def test_another_folder_when_allowed_then_is_read(folder: Path, tmp_path: Path) -> None:
    assert refer(folder, "../secret.yaml") == ["ref-outside"]
    assert load_contract(folder / "contract.yaml", api="a", allow=[tmp_path]).diagnostics == ()


def test_mistakes_in_a_referred_file_when_found_then_name_that_file(folder: Path) -> None:
    (folder / "schemas" / "book.yaml").write_text("type: string\nmaxLength: x\n")
    assert refer(folder, "schemas/book.yaml") == ["wrong-type"]
    (found,) = load_contract(folder / "contract.yaml", api="a").diagnostics
    assert (found.file, found.line, found.pointer) == (str(folder / "schemas" / "book.yaml"), 2, "/maxLength")


def test_a_referred_file_when_broken_then_its_own_diagnostics_come_through(folder: Path) -> None:
    (folder / "schemas" / "book.yaml").write_text("a: 1\na: 2")
    assert refer(folder, "schemas/book.yaml") == ["duplicate-key"]


def test_a_contract_when_it_cannot_be_read_then_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.yaml", tmp_path, tmp_path / "a\0b"):
        (found,) = load_contract(path, api="a").diagnostics
        assert found.code == "contract-unreadable"


def test_a_contract_when_larger_than_its_limits_then_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text("openapi: 3.1.0\n" + "# long\n" * 100)
    (found,) = load_contract(path, api="a", limits=Limits(max_bytes=100)).diagnostics
    assert found.code == "document-too-large"


def test_an_absolute_reference_when_it_names_the_contract_itself_then_stays_inside(tmp_path: Path) -> None:
    address = "https://example.com/openapi.yaml"
    body = {"content": {"application/json": {"schema": {"$ref": f"{address}#/components/schemas/Book"}}}}
    paths = {"/a": {"post": {"operationId": "a", "requestBody": body}}}
    schemas = {"schemas": {"Book": {"type": "string"}}}
    contract = load(tmp_path, document(paths, openapi="3.2.0", components=schemas, **{"$self": address}))
    assert contract.diagnostics == ()
    assert contract.request_schemas == {"Book": {"type": "string"}}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("nope.json", None, "ref-unresolved"),
        ("schemas", None, "ref-unresolved"),
        ("broken.json", b'{"type": "string"', "syntax"),
        ("bytes.yaml", b"type: \xff", "not-utf8"),
        ("twice.yaml", b"a: 1\na: 2", "duplicate-key"),
    ],
)
@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.1"])
@pytest.mark.parametrize("response", [False, True])
def test_a_file_that_a_look_ahead_could_not_read_then_is_told_all_the_same(
    folder: Path, name: str, content: bytes | None, code: str, openapi: str, response: bool
) -> None:
    if content is not None:
        (folder / name).write_bytes(content)
    for schema in (
        {"type": "object", "properties": {"tag": {"$ref": name}}},
        {"allOf": [{"$ref": name}]},
        {"oneOf": [{"$ref": name}], "discriminator": {"propertyName": "kind"}},
        {"type": "array", "items": {"properties": {"tag": {"allOf": [{"$ref": name}]}}}},
    ):
        contract = schema_contract(folder, schema, openapi=openapi, response=response)
        assert codes(contract) == [code]


def test_an_example_in_a_file_that_cannot_be_read_then_does_not_hide_the_mistake(folder: Path) -> None:
    media = {"schema": {"$ref": "nope.json"}, "examples": {"one": {"$ref": "nope.json"}}}
    contract = operation_contract(folder, {"requestBody": {"content": {"application/json": media}}})
    assert codes(contract) == ["ref-unresolved"]


def test_files_that_are_too_large_together_then_are_refused_rather_than_cut_off(folder: Path) -> None:
    names = [f"part{number}.yaml" for number in range(5)]
    for name in names:
        (folder / name).write_text("type: string\n" + "#" * 900)
    schema = {"properties": {name: {"$ref": name} for name in names}}
    schema_contract(folder, schema)
    contract = load_contract(folder / "contract.yaml", api="a", limits=Limits(max_bytes=1_000))
    assert codes(contract) == ["contract-too-large", "contract-too-large"]
