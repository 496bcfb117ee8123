"""`yett collection`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.terminal import yett
from tests.conftest import ROOT
from tests.services.test_sending import Seen, serving

CONTRACT = str(ROOT / "examples" / "bookshop" / "bookshop.openapi.yaml")
COLLECTION = """
yett_collection: 1
name: small
variables:
  base_url: http://127.0.0.1:1
  token: {env: SMALL_TOKEN}
environments:
  there: {place: over}
auth: {bearer: "{{token}}"}
items:
- name: Log in
  method: POST
  url: "{{base_url}}/login"
  body: {json: {user: "{{user}}"}}
  expect: [{status: 200}, {json: /id, equals: 7}]
  extract: {id: {json: /id}}
  tags: [smoke]
- name: Folder
  items:
  - name: Look
    url: "{{base_url}}/things/:id"
    path: {id: "{{id}}"}
    expect: [{status: 200}, {header: content-type, contains: json}]
"""
SECRET = "a-token-nobody-may-see"


@pytest.fixture
def upstream() -> Iterator[tuple[str, Seen]]:
    with serving(
        lambda _path: (200, {"content-type": "application/json"}, b'{"id": 7, "echo": "a-token-nobody-may-see"}')
    ) as held:
        yield held


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "small.collection.yaml"
    path.write_text(COLLECTION)
    return str(path)


def run(file: str, url: str, *arguments: str) -> tuple[int, str, str]:
    shown = yett(
        "collection",
        "run",
        file,
        "--base-url",
        url,
        "--var",
        "user=mira",
        *arguments,
        environment={"SMALL_TOKEN": SECRET},
    )
    return shown.code, shown.out, shown.err


def test_a_run_sends_every_request_and_hands_on_what_was_taken(file: str, upstream: tuple[str, Seen]) -> None:
    url, seen = upstream
    code, out, _ = run(file, url)
    assert (code, out.count("pass ")) == (0, 2)
    assert "2 of 2 requests as expected, 4 assertions" in out
    assert [one[1] for one in seen] == ["/login", "/things/7"]
    assert json.loads(seen[0][3]) == {"user": "mira"}
    assert seen[1][2]["authorization"] == f"Bearer {SECRET}"


def test_a_failure_is_told_with_what_was_seen_and_how_to_repeat_it(tmp_path: Path, upstream: tuple[str, Seen]) -> None:
    path = tmp_path / "bad.collection.yaml"
    wrong = COLLECTION.replace("equals: 7", "equals: 8").replace("/id, ", "/echo, ")
    path.write_text(wrong)
    for report in ("text", "json", "junit", "html"):
        code, out, _ = run(str(path), upstream[0], "--report", report)
        assert code == 1
        assert SECRET not in out
        assert "$SMALL_TOKEN" in out
    shown = json.loads(run(str(path), upstream[0], "--report", "json")[1])
    assert (shown["passed"], shown["failed"], shown["requests"]) == (False, 1, 2)
    assert shown["outcomes"][0]["assertions"][1] == {"expected": "json /echo is 8", "held": False, "seen": '"***"'}
    suite = ET.fromstring(run(str(path), upstream[0], "--report", "junit")[1])
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_only_some_are_run_and_a_run_gives_up_when_told_to(file: str, upstream: tuple[str, Seen]) -> None:
    assert run(file, upstream[0], "--only", "smoke")[1].count("pass ") == 1
    code, out, _ = run(file, upstream[0], "--only", "look", "--bail")
    assert (code, "the variable 'id' has no value" in out) == (1, True)
    assert run(file, upstream[0], "--only", "nothing")[0] == 1


def test_a_data_file_is_a_run_for_each_row(file: str, tmp_path: Path, upstream: tuple[str, Seen]) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("user,other\nada,1\notto,2\n")
    code, out, _ = run(file, upstream[0], "--data", str(rows))
    assert (code, out.count("pass ")) == (0, 4)
    # What is in the row wins over what is given for all.
    assert [json.loads(one[3])["user"] for one in upstream[1] if one[3]] == ["ada", "otto"]
    table = tmp_path / "rows.json"
    table.write_text('[{"user": 1}, {"user": true}]')
    assert run(file, upstream[0], "--data", str(table))[0] == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "a,b\n1\n"), ("a.csv", ""), ("a.json", "{}"), ("a.json", "[1]"), ("a.csv", "a\n\x80")],
)
def test_a_data_file_that_is_none_is_told(name: str, text: str, file: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    code, _, err = run(file, "http://127.0.0.1:1", "--data", str(path))
    assert (code, "data-invalid" in err) == (1, True)


def test_an_environment_is_taken_from_the_file_or_from_beside_it(
    file: str, tmp_path: Path, upstream: tuple[str, Seen]
) -> None:
    folder = tmp_path / "environments"
    folder.mkdir()
    (folder / "other.yaml").write_text(f"variables: {{base_url: {upstream[0]}, user: eva}}\n")
    shown = yett("collection", "run", file, "--env", "other", environment={"SMALL_TOKEN": SECRET})
    assert shown.code == 0
    assert json.loads(upstream[1][0][3]) == {"user": "eva"}
    missing = yett("collection", "run", file, "--env", "nowhere")
    assert "known: other, there" in missing.err
    assert yett("collection", "run", file, "--env", "../../etc/passwd").code == 1


def test_a_file_outside_of_the_folder_is_not_sent(tmp_path: Path, upstream: tuple[str, Seen]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.txt").write_text("hidden")
    path = tmp_path / "in" / "a.collection.yaml"
    path.write_text(
        "yett_collection: 1\nname: x\nitems:\n"
        '- {name: a, method: POST, url: "{{base_url}}/", body: {file: ../secret.txt}}\n'
    )
    code, out, _ = run(str(path), upstream[0])
    assert (code, "outside of the collection's folder" in out) == (1, True)
    assert upstream[1] == []


def test_a_secret_that_is_not_there_is_told_by_its_name(file: str, upstream: tuple[str, Seen]) -> None:
    shown = yett("collection", "run", file, "--base-url", upstream[0], "--var", "user=x")
    assert "environment variable SMALL_TOKEN is not set" in shown.out
    assert upstream[1] == []


def test_an_import_tells_what_it_keeps_and_what_not_and_shows_no_secret(tmp_path: Path) -> None:
    item = {
        "name": "a",
        "request": {"url": "http://a.test", "header": [{"key": "X-Api-Key", "value": SECRET}]},
        "event": [{"listen": "test", "script": {"exec": ["run()"]}}],
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"info": {"name": "x"}, "item": [item]}))
    shown = yett("collection", "import", str(path))
    assert shown.code == 0
    assert SECRET not in shown.out + shown.err
    assert "env: X_API_KEY" in shown.out
    assert "secret-moved" in shown.err
    assert "a script is kept, and no run runs it" in shown.err
    out = tmp_path / "made" / "x.collection.yaml"
    assert yett("collection", "import", str(path), "-o", str(out)).code == 0
    assert "file-exists" in yett("collection", "import", str(path), "-o", str(out)).err
    listed = yett("collection", "list", str(out))
    assert "kept and not run" in listed.out


@pytest.mark.parametrize("form", ["postman", "bruno", "insomnia", "har", "openapi"])
def test_an_export_can_be_imported_again(form: str, file: str, tmp_path: Path) -> None:
    output = (
        tmp_path / "out" / ("folder" if form == "bruno" else "file.json" if form in ("postman", "har") else "file.yaml")
    )
    shown = yett("collection", "export", file, "--to", form, "-o", str(output))
    assert (shown.code, output.exists()) == (0, True)
    back = yett("collection", "list", str(output), "--json")
    assert [one["method"] for one in back.json["requests"]] == ["POST", "GET"]


def test_a_collection_is_made_from_a_contract(tmp_path: Path) -> None:
    output = tmp_path / "bookshop.collection.yaml"
    assert yett("collection", "generate", CONTRACT, "-o", str(output)).code == 0
    listed = yett("collection", "list", str(output), "--json").json
    assert len(listed["requests"]) == 16
    assert listed["requests"][0]["operation"] == "bookshop:getHealth"
    found = yett("collection", "search", "one", "book", "--in", str(tmp_path)).out
    assert "GET catalogue / One book" in found
    assert yett("collection", "search", "zebra", "--in", str(tmp_path)).code == 1


def test_mistakes_of_our_own_form_are_told_all_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.collection.yaml"
    path.write_text(
        "yett_collection: 1\nname: x\nitemz: []\nitems:\n- name: a\n  expect:\n  - {status: 200, json: /a}\n"
        "  - {json: a, equals: 1}\n- name: f\n  url: http://a.test\n  items: []\n"
    )
    shown = yett("collection", "list", str(path))
    assert shown.code == 1
    assert all(f"a.collection.yaml:{line}:" in shown.err for line in (3, 7, 8, 9))
    assert "did you mean `items`?" in shown.err
