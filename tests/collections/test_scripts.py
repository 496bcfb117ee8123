"""Scripts of other programs: what is plain becomes assertions, what is not stays a script, and nothing is run."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.collections.strategies import ASSERTIONS, EXTRACTIONS
from yett.collections.model import Assertion, Extraction
from yett.collections.scripts import sentence, translate, written

PLAIN = [
    ("pm.response.to.have.status(200);", Assertion("status", "equals", 200)),
    ("pm.test('ok', function () { pm.response.to.have.status(201) });", Assertion("status", "equals", 201)),
    (
        'pm.test("ok", () => pm.expect(pm.response.code).to.be.oneOf([200, 201]));',
        Assertion("status", "one-of", [200, 201]),
    ),
    ("pm.response.to.be.success;", Assertion("status", "matches", "2xx")),
    ("pm.expect(pm.response.responseTime).to.be.below(200);", Assertion("time", "below", 200)),
    ("pm.response.to.have.header('Content-Type');", Assertion("header", "exists", True, "content-type")),
    ('pm.expect(pm.response.headers.get("ETag")).to.eql("a");', Assertion("header", "equals", "a", "etag")),
    (
        "const d = pm.response.json();\npm.expect(d.items[0].id).to.eql(7);",
        Assertion("json", "equals", 7, "/items/0/id"),
    ),
    ("pm.expect(pm.response.json()['a b'].c).to.not.eql('x')", Assertion("json", "differs", "x", "/a b/c")),
    ("pm.expect(pm.response.json()).to.have.property('id')", Assertion("json", "exists", True, "/id")),
    ("pm.expect(pm.response.json().items.length).to.eql(3)", Assertion("json", "size", 3, "/items")),
    ("pm.expect(pm.response.json().a).to.be.a('string')", Assertion("json", "type", "string", "/a")),
    ("pm.expect(pm.response.text()).to.include('hello')", Assertion("body", "contains", "hello")),
    ("pm.expect(pm.response.json().a).to.match(/^x+$/)", Assertion("json", "matches", "^x+$", "/a")),
    ("pm.expect(pm.response.json().a).to.be.true", Assertion("json", "equals", True, "/a")),
    ("tests['Status'] = responseCode.code === 200;", Assertion("status", "equals", 200)),
    ("test('x', function() { expect(res.getStatus()).to.equal(200); });", Assertion("status", "equals", 200)),
    (
        "insomnia.test('x', () => { insomnia.expect(insomnia.response.code).to.eql(200); });",
        Assertion("status", "equals", 200),
    ),
]


@pytest.mark.parametrize(("text", "expected"), PLAIN, ids=lambda one: str(one)[:60])
def test_a_plain_check_becomes_an_assertion(text: str, expected: Assertion) -> None:
    said = translate(text)
    assert (said.assertions, said.whole) == ((expected,), True)


@pytest.mark.parametrize(
    "text",
    [
        "if (pm.response.code === 200) { pm.response.to.have.status(200); }",
        "for (const one of pm.response.json()) { pm.expect(one.id).to.eql(1); }",
        "pm.expect(pm.response.json().map(x => x.id)).to.eql([1])",
        "pm.sendRequest('http://evil.test', () => {});",
        "pm.expect(pm.response.code).to.eql(expected);",
        "pm.expect(pm.response.json().a).to.eql(pm.environment.get('a'));",
        "require('child_process').exec('rm -rf /')",
        "while (true) {}",
    ],
)
def test_what_would_have_to_be_run_stays_a_script(text: str) -> None:
    said = translate(text)
    assert (said.assertions, said.whole) == ((), False)


def test_of_several_statements_each_is_looked_at_by_itself() -> None:
    said = translate("""
        // checks
        const body = pm.response.json();
        pm.test("a", function () { pm.expect(body.id).to.eql(1); pm.expect(f(body)).to.eql(2); });
        pm.environment.set("token", body.token); /* kept */
    """)
    assert said.assertions == (Assertion("json", "equals", 1, "/id"),)
    assert said.extractions == (Extraction("token", "json", "/token"),)
    assert (said.statements, said.understood) == (4, 3)


@given(st.lists(ASSERTIONS, max_size=4), st.lists(EXTRACTIONS, max_size=2), st.sampled_from(["pm", "insomnia"]))
def test_what_is_written_as_a_script_is_read_again(
    assertions: list[Assertion], extractions: list[Extraction], prefix: str
) -> None:
    lines, lost = written(assertions, extractions, prefix)
    said = translate("\n".join(lines))
    assert said.whole
    assert said.assertions == tuple(one for one in assertions if one not in lost)
    assert said.extractions == tuple(extractions)
    assert all(sentence(one) for one in assertions)


@given(st.text(max_size=200))
def test_any_text_is_looked_at_without_an_exception(text: str) -> None:
    translate(text)
    translate(f"pm.test('x', () => {{ pm.expect({text}).to.eql({text}) }})")


@pytest.mark.parametrize(
    "part", ["pm.test('x', function (", "' ' ", ")\n", "pm.expect(", "\n.\n", "a(" + " " * 500, "[", "/*"]
)
def test_a_long_script_takes_no_long_time(part: str) -> None:
    text = part * (180_000 // len(part))
    began = time.monotonic()
    translate(text)
    translate(f"pm.test('x', () => {{{text}}})")
    assert time.monotonic() - began < 5
