"""An upstream that nobody here wrote, behind a contract written after it."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Iterator

import pytest

from tests.e2e.client import Client
from tests.e2e.gateways import ROOT, running
from yett.access.keys import new_key

EXAMPLE = ROOT / "examples" / "httpbin"


@pytest.fixture(scope="module")
def bin_client(httpbin_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A caller of httpbin through the gateway, with the configuration as it is shipped but for its ports."""
    folder = tmp_path_factory.mktemp("httpbin")
    (folder / "httpbin.openapi.yaml").write_bytes((EXAMPLE / "httpbin.openapi.yaml").read_bytes())
    text = (EXAMPLE / "yett.yaml").read_text()
    text = text.replace("127.0.0.1:8080", "127.0.0.1:0").replace("http://127.0.0.1:9001", httpbin_url)
    (folder / "yett.yaml").write_text(text)
    with running(folder, {"tester": new_key("test").text}) as gateway:
        yield gateway.client("tester")


def test_query_parameters_arrive_as_they_were_sent(bin_client: Client) -> None:
    found = bin_client.get("/httpbin/get?colour=dark%20green&shape=")
    assert found.status == 200
    assert found.json["args"] == {"colour": "dark green", "shape": ""}


def test_credentials_do_not_arrive(bin_client: Client) -> None:
    arrived = bin_client.get("/httpbin/headers").json["headers"]
    assert bin_client.key not in json.dumps(arrived)
    assert "x-api-key" not in {name.lower() for name in arrived}


def test_a_json_body_arrives(bin_client: Client) -> None:
    found = bin_client.post("/httpbin/post", {"title": "Tea", "weight": None, "tags": ["green"]})
    assert found.json["json"] == {"title": "Tea", "weight": None, "tags": ["green"]}


def test_a_form_arrives(bin_client: Client) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert bin_client.post("/httpbin/post", b"title=Tea+time&count=3", form).json["form"] == {
        "title": "Tea time",
        "count": "3",
    }


def test_a_form_field_that_does_not_fit_is_named(bin_client: Client) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    found = bin_client.post("/httpbin/post", b"title=Tea&count=many", form)
    assert [error["field"] for error in found.problem["errors"]] == ["/count"]


def test_multipart_parts_arrive(bin_client: Client) -> None:
    body = (
        b'--edge\r\ncontent-disposition: form-data; name="title"\r\n\r\nTea\r\n'
        b'--edge\r\ncontent-disposition: form-data; name="file"; filename="t.bin"\r\n'
        b"content-type: application/octet-stream\r\n\r\n\x00\x01\r\n--edge--\r\n"
    )
    found = bin_client.post("/httpbin/post", body, {"content-type": "multipart/form-data; boundary=edge"})
    assert found.status == 200, found.body
    assert found.json["form"] == {"title": "Tea"}
    assert "file" in found.json["files"]


def test_text_arrives_and_too_much_of_it_is_refused(bin_client: Client) -> None:
    text = {"content-type": "text/plain"}
    assert bin_client.post("/httpbin/post", b"hello", text).json["data"] == "hello"
    assert bin_client.post("/httpbin/post", b"h" * 1001, text).status == 400


def test_another_media_type_is_415(bin_client: Client) -> None:
    found = bin_client.post("/httpbin/post", b"<a/>", {"content-type": "application/xml"})
    assert (found.status, found.problem["code"]) == (415, "media-type-unsupported")


@pytest.mark.parametrize("status", [200, 204, 301, 304, 404, 418, 500, 503])
def test_statuses_of_the_upstream_come_back(bin_client: Client, status: int) -> None:
    assert bin_client.get(f"/httpbin/status/{status}").status == status


def test_a_status_outside_the_contract_is_refused(bin_client: Client) -> None:
    found = bin_client.get("/httpbin/status/700")
    assert (found.status, found.problem["errors"][0]["field"]) == (400, "code")


def test_an_answer_within_the_time_comes_and_one_beyond_it_is_504(bin_client: Client) -> None:
    assert bin_client.get("/httpbin/delay/0.1").status == 200
    before = time.monotonic()
    found = bin_client.get("/httpbin/delay/5")
    assert (found.status, found.problem["code"]) == (504, "upstream-timeout")
    assert time.monotonic() - before < 4


def test_a_cookie_of_the_contract_is_checked(bin_client: Client) -> None:
    assert bin_client.get("/httpbin/cookies", {"cookie": "taste=oat"}).json["cookies"] == {"taste": "oat"}
    found = bin_client.get("/httpbin/cookies", {"cookie": "taste=tin"})
    assert [(error["in"], error["field"]) for error in found.problem["errors"]] == [("cookie", "taste")]


def test_a_compressed_answer_comes_as_it_is(bin_client: Client) -> None:
    found = bin_client.get("/httpbin/gzip", {"accept-encoding": "gzip"})
    assert found.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(found.body))["gzipped"] is True


def test_a_streamed_answer_comes_whole(bin_client: Client) -> None:
    found = bin_client.get("/httpbin/stream/5")
    assert [json.loads(line)["id"] for line in found.body.splitlines()] == [0, 1, 2, 3, 4]


def test_bytes_come_back_unchanged(bin_client: Client) -> None:
    first, second = (bin_client.get("/httpbin/bytes/5000?seed=7") for _ in range(2))
    assert first.status == 200
    assert len(first.body) == 5000
    assert first.body == second.body


def test_a_redirect_is_passed_on_and_not_followed(bin_client: Client) -> None:
    found = bin_client.get("/httpbin/redirect-to?url=%2Fhttpbin%2Fget&status_code=307")
    assert (found.status, found.headers["location"]) == (307, "/httpbin/get")


def test_what_the_contract_leaves_out_is_404(bin_client: Client) -> None:
    assert bin_client.get("/httpbin/image").problem["code"] == "operation-unknown"
    assert bin_client.get("/httpbin/anything/a/b").problem["code"] == "operation-unknown"


def test_the_upstream_does_not_name_itself(bin_client: Client) -> None:
    found = bin_client.get("/httpbin/get")
    assert not re.search("waitress|gunicorn|werkzeug", found.headers.get("server", ""), re.IGNORECASE)
