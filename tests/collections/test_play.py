"""What a request becomes, and where its variables come from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.collections.strategies import COLLECTIONS
from yett.collections.model import (
    Assertion,
    Auth,
    Body,
    Collection,
    Environment,
    Extraction,
    Folder,
    Pair,
    Part,
    Request,
    Step,
    Variable,
    steps_of,
)
from yett.collections.play import CannotSendError, Outgoing, Player, World
from yett.collections.verdicts import Answer
from yett.errors import SecretError
from yett.model.secret import SecretReference


def secret(reference: SecretReference) -> str:
    if reference.name == "TOKEN":
        return "s3cret"
    raise SecretError(f"the {reference} is not set")


WORLD = World(secret, lambda name: name.encode(), {"$guid": "g"}.get, lambda _step, _answer: None)


def sent(request: Request, collection: Collection | None = None, **settings: object) -> Outgoing:
    collection = collection or Collection("c", (request,))
    return Player(collection, WORLD, **settings).prepare(next(iter(steps_of(collection))))  # type: ignore[arg-type]


def test_the_nearest_value_of_a_variable_counts() -> None:
    request = Request("r", url="http://a.test/{{v}}")
    folder = Folder("f", (request,), variables=(Variable("v", "folder"),))
    held = Collection("c", (folder,), variables=(Variable("v", "collection"),))
    environment = Environment("e", (Variable("v", "environment"),))
    assert sent(request, held).url.endswith("/folder")
    assert sent(request, held, environment=environment).url.endswith("/environment")
    assert sent(request, held, environment=environment, given={"v": "given"}).url.endswith("/given")
    assert sent(request, held, given={"v": "given"}, row={"v": "row"}).url.endswith("/row")
    player = Player(held, WORLD, row={"v": "row"})
    step = Step(Request("r", url="http://a.test/{{v}}", extractions=(Extraction("v", "json", "/id"),)), (folder,))
    assert all(one.held for one in player.judge(step, Answer(200, (), b'{"id": "taken"}')))
    assert player.prepare(step).url.endswith("/taken")


def test_a_value_stays_one_segment_of_the_path_and_one_parameter_of_the_query() -> None:
    request = Request(
        "r",
        url="http://a.test/books/:id/x",
        path=(Pair("id", "{{evil}}"),),
        query=(Pair("q", "{{evil}}"), Pair("off", "1", enabled=False)),
    )
    made = sent(request, given={"evil": "../a?b=c&d#e f"})
    assert made.url == "http://a.test/books/..%2Fa%3Fb%3Dc%26d%23e%20f/x?q=../a?b%3Dc%26d%23e%20f"


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\x00"])
def test_a_value_cannot_begin_another_header(value: str) -> None:
    with pytest.raises(CannotSendError, match="holds what no header can"):
        sent(Request("r", url="http://a.test", headers=(Pair("x", "{{v}}"),)), given={"v": value})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.test", "/relative", "{{missing}}", "gopher://a"])
def test_only_http_is_sent(url: str) -> None:
    with pytest.raises(CannotSendError):
        sent(Request("r", url=url))


def test_variables_that_lead_back_to_themselves_or_grow_beyond_bounds_are_refused() -> None:
    with pytest.raises(CannotSendError, match="leads back to itself"):
        sent(Request("r", url="http://a.test/{{a}}"), given={"a": "{{b}}", "b": "{{a}}"})
    bomb = {f"v{number}": f"{{{{v{number + 1}}}}}" * 10 for number in range(9)} | {"v9": "x" * 1000}
    with pytest.raises(CannotSendError, match="longer than"):
        sent(Request("r", url="http://a.test/{{v0}}"), given=bomb)


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (Auth("bearer", (("token", "{{t}}"),)), ("authorization", "Bearer s3cret")),
        (Auth("basic", (("password", "{{t}}"), ("username", "u"))), ("authorization", "Basic dTpzM2NyZXQ=")),
        (Auth("api-key", (("in", "header"), ("name", "X-Key"), ("value", "{{t}}"))), ("x-key", "s3cret")),
    ],
)
def test_a_proof_is_sent_and_its_secret_known(auth: Auth, header: tuple[str, str]) -> None:
    request = Request("r", url="http://a.test")
    held = Collection(
        "c", (Folder("f", (request,), auth=auth),), variables=(Variable("t", SecretReference("env", "TOKEN")),)
    )
    player = Player(held, WORLD)
    assert header in player.prepare(next(iter(steps_of(held)))).headers
    assert player.secrets == {"s3cret": "TOKEN"}


def test_none_inherits_nothing_and_what_no_run_can_give_is_refused() -> None:
    bearer = Auth("bearer", (("token", "x"),))
    request = Request("r", url="http://a.test", auth=Auth("none"))
    assert sent(request, Collection("c", (request,), auth=bearer)).headers == ()
    with pytest.raises(CannotSendError, match="oauth2"):
        sent(Request("r", url="http://a.test", auth=Auth("oauth2")))


def test_a_secret_that_is_not_there_is_told_by_its_name() -> None:
    held = Collection(
        "c", (Request("r", url="http://a.test/{{k}}"),), variables=(Variable("k", SecretReference("env", "NO")),)
    )
    with pytest.raises(CannotSendError, match="NO"):
        Player(held, WORLD).prepare(next(iter(steps_of(held))))


@pytest.mark.parametrize(
    ("body", "media", "data"),
    [
        (Body("text", "application/json", '{"a": "{{v}}"}'), "application/json", b'{"a": "1 2"}'),
        (Body("text", "", "x"), "text/plain; charset=utf-8", b"x"),
        (
            Body("form", fields=(Pair("a", "{{v}}"), Pair("b", "", enabled=False))),
            "application/x-www-form-urlencoded",
            b"a=1+2",
        ),
        (Body("file", "", file="x.bin"), "application/octet-stream", b"x.bin"),
        (
            Body("graphql", text="{a}", variables='{"b": 1}'),
            "application/json",
            b'{"query": "{a}", "variables": {"b": 1}}',
        ),
    ],
)
def test_a_body_is_sent_as_its_kind_says(body: Body, media: str, data: bytes) -> None:
    made = sent(Request("r", "POST", "http://a.test", body=body), given={"v": "1 2"})
    assert (made.body, dict(made.headers)["content-type"]) == (data, media)


def test_a_multipart_body_holds_its_parts_and_no_name_can_break_out() -> None:
    parts = (Part('a"\r\nx: y', "1"), Part("f", file="d/b.txt", media="text/csv"), Part("off", "x", enabled=False))
    made = sent(Request("r", "POST", "http://a.test", body=Body("multipart", parts=parts)))
    assert made.body is not None
    text = made.body.decode()
    assert 'name="a%22x: y"\r\n\r\n1' in text
    assert 'name="f"; filename="b.txt"\r\ncontent-type: text/csv\r\n\r\nd/b.txt' in text
    assert "off" not in text


def test_what_is_not_there_to_be_taken_is_a_failure() -> None:
    step = Step(
        Request("r", assertions=(Assertion("status", "equals", 200),), extractions=(Extraction("t", "json", "/t"),))
    )
    checked = Player(Collection("c"), WORLD).judge(step, Answer(200, (), b"{}"))
    assert [one.held for one in checked] == [True, False]


@given(COLLECTIONS, st.binary(max_size=40))
def test_whatever_is_in_a_collection_it_is_made_or_refused(collection: Collection, body: bytes) -> None:
    player = Player(collection, WORLD)
    for step in steps_of(collection):
        try:
            made = player.prepare(step)
        except CannotSendError:
            continue
        assert made.url.isascii()
        assert made.url.startswith(("http://", "https://"))
        assert not any("\r" in value or "\n" in value for pair in made.headers for value in pair)
        player.judge(step, Answer(200, (("content-type", "application/json"),), body))
