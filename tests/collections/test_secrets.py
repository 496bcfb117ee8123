"""Secrets in the clear are taken out of whatever is imported, and are in nothing that comes of it."""

from __future__ import annotations

import json

import pytest

from yett.collections import WRITTEN, export_files, import_files
from yett.collections.model import Variable
from yett.collections.secrets import names_a_secret
from yett.model.secret import SecretReference

SECRETS = ["hunter2-hunter2", "sk_live_51Hxyzabcdefghij", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"]


@pytest.mark.parametrize(
    "name", ["password", "apiKey", "X-Api-Key", "Authorization", "client_secret", "accessToken", "jwt"]
)
def test_a_name_tells_a_secret(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name", ["token_url", "tokenType", "key", "keyboard", "monkey", "author", "max_tokens_count", "id", ""]
)
def test_a_harmless_name_does_not(name: str) -> None:
    assert not names_a_secret(name)


def postman(secret: str) -> bytes:
    auth = {"type": "bearer", "bearer": [{"key": "token", "value": secret}]}
    request = {
        "method": "POST",
        "url": {
            "raw": f"https://user:{secret}@a.test/x?api_key={secret}",
            "query": [{"key": "api_key", "value": secret}],
        },
        "header": [{"key": "Authorization", "value": f"Bearer {secret}"}, {"key": "X-Api-Key", "value": secret}],
        "auth": auth,
        "body": {"mode": "urlencoded", "urlencoded": [{"key": "password", "value": secret}]},
    }
    variables = [{"key": "password", "value": secret}, {"key": "plain", "value": secret, "type": "secret"}]
    return json.dumps(
        {"info": {"name": "x"}, "item": [{"name": "a", "request": request}], "variable": variables}
    ).encode()


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_of_a_postman_collection_is_in_anything_that_comes_of_it(secret: str) -> None:
    read = import_files({"a.json": postman(secret)})
    assert read.collection is not None
    assert secret not in repr(read.collection)
    assert secret not in repr(read.diagnostics)
    assert "secret-moved" in {one.code for one in read.diagnostics}
    for form in WRITTEN:
        if form != "openapi":
            written = export_files(read.collection, form)
            assert secret not in "".join(written.files.values())
            assert secret not in repr(written.diagnostics)


def test_one_secret_is_one_variable_and_names_the_environment() -> None:
    read = import_files({"a.json": postman(SECRETS[0])})
    assert read.collection is not None
    made = [one for one in read.collection.variables if one.name not in ("password", "plain")]
    assert len(made) == 1
    assert isinstance(made[0].value, SecretReference)
    request = read.collection.items[0]
    assert f"Bearer {{{{{made[0].name}}}}}" in repr(request)


def test_variables_by_reference_and_templates_stay_as_they_are() -> None:
    document = {
        "info": {"name": "x"},
        "item": [],
        "variable": [{"key": "token", "value": "{{other}}"}, {"key": "secret", "value": ""}],
    }
    read = import_files({"a.json": json.dumps(document).encode()})
    assert read.collection is not None
    assert read.collection.variables == (Variable("token", "{{other}}"), Variable("secret", ""))
    assert read.diagnostics == ()


def test_secrets_in_bodies_and_scripts_are_known_by_their_form() -> None:
    request = {"url": "http://a.test", "body": {"mode": "raw", "raw": f'{{"k": "{SECRETS[1]}"}}'}}
    event = [{"listen": "prerequest", "script": {"exec": [f"send('{SECRETS[2]}')"]}}]
    document = {"info": {"name": "x"}, "item": [{"name": "a", "request": request, "event": event}]}
    read = import_files({"a.json": json.dumps(document).encode()})
    assert not any(secret in repr(read) for secret in SECRETS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("request.bru", "get {\n  url: http://a.test\n  auth: bearer\n}\nauth:bearer {\n  token: hunter2-hunter2\n}\n"),
        ("request.bru", "get {\n  url: http://a.test\n}\nheaders {\n  X-Api-Key: hunter2-hunter2\n}\n"),
        ("environments/x.bru", "vars {\n  password: hunter2-hunter2\n}\n"),
    ],
)
def test_no_secret_of_a_bruno_collection_is_kept(name: str, text: str) -> None:
    read = import_files({"bruno.json": b'{"name": "x"}', name: text.encode()})
    assert SECRETS[0] not in repr(read)
    assert "secret-moved" in {one.code for one in read.diagnostics}


def test_no_secret_of_an_insomnia_export_is_kept() -> None:
    text = """
type: collection.insomnia.rest/5.0
name: x
collection:
  - {name: a, url: "http://a.test", method: GET, authentication: {type: basic, username: u, password: hunter2-hunter2}}
environments: {name: base, data: {api_token: hunter2-hunter2}}
"""
    read = import_files({"a.yaml": text.encode()})
    assert SECRETS[0] not in repr(read)
