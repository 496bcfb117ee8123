"""Bodies that cost their reader far more than their sender."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.attacks.guarded import Guarded
from tests.attacks.shop import SECRET, WeakShop
from tests.e2e.client import Client

XML = {"content-type": "application/xml"}


def laughs(levels: int) -> bytes:
    """Return a document whose text is ten to the power of `levels` characters long."""
    names = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels + 1)]
    return f'<!DOCTYPE a [<!ENTITY e0 "x">{"".join(names)}]><a>&e{levels};</a>'.encode()


def test_entities_in_entities_blow_up_the_bare_shop(weak_shop: WeakShop) -> None:
    answer = Client(weak_shop.port).post("/import", laughs(4), XML)
    assert len(answer.json["text"]) == 10_000


def test_an_entity_reads_a_file_of_the_bare_shop(weak_shop: WeakShop) -> None:
    secret = weak_shop.shop.folder / "secret.txt"
    document = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{secret}">]><a>&e;</a>'.encode()
    assert Client(weak_shop.port).post("/import", document, XML).json == {"text": SECRET}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (laughs(4), "structure-refused"),
        (b'<!DOCTYPE a SYSTEM "http://evil.example/a.dtd"><a/>', "structure-refused"),
        (b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', "structure-refused"),
        ("<!DOCTYPE a><a/>".encode("utf-16"), "structure-refused"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "structure-refused"),
        (
            b'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="file:///etc/passwd"/></a>',
            "structure-refused",
        ),
        (b"<?php x ?><a/>", "structure-refused"),
        (b"<a>" * 100 + b"</a>" * 100, "structure-exceeded"),
        (b"<a " + b" ".join(b"b%d='1'" % n for n in range(300)) + b"/>", "structure-exceeded"),
    ],
)
def test_none_of_them_reaches_it_through_the_gateway(
    guarded: Callable[..., Guarded], document: bytes, code: str
) -> None:
    refused = guarded().client().post("/import", document, XML)
    assert (refused.status, refused.problem["code"]) == (400, code)


def test_an_ordinary_document_does(guarded: Callable[..., Guarded]) -> None:
    assert guarded().client().post("/import", b"<a><b c='1'>Salt &amp; Road</b></a>", XML).json == {
        "text": "Salt & Road"
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"url": ' + b"9" * 200 + b"}",
        json.dumps({f"k{n}": n for n in range(2_000)}).encode(),
        json.dumps({"a": list(range(30_000))}).encode(),
        json.dumps({"k" * 1_000: 1}).encode(),
    ],
    ids=["number", "names", "values", "name"],
)
def test_json_that_holds_too_much_reaches_the_bare_shop_only(
    weak_shop: WeakShop, guarded: Callable[..., Guarded], body: bytes
) -> None:
    sent = {"content-type": "application/json"}
    assert Client(weak_shop.port).call("PATCH", "/settings", body, sent).status in (200, 500)
    refused = guarded().client().call("PATCH", "/settings", body, sent)
    assert (refused.status, refused.problem["code"]) == (400, "structure-exceeded")


def test_ordinary_json_passes(guarded: Callable[..., Guarded]) -> None:
    assert guarded().client().call("PATCH", "/settings", {"theme": "dark"}).status == 200
