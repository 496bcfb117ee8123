"""HTTP Basic as identity: the hash is made by `yett password hash`, the caller is httpx."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.e2e import shapes
from tests.e2e.gateways import YETT, Gateway, running
from tests.e2e.recorder import Recorder

USER, PASSWORD = "jürgen", "pä:ss wörd"


def hashed(password: str) -> str:
    """What `yett password hash` prints."""
    done = subprocess.run([YETT, "password", "hash"], input=password + "\n", capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def serving(folder: Path, recorder: Recorder, keys: dict[str, str]) -> Iterator[Gateway]:
    """The small API, whose owner has a password."""
    settings = shapes.settings(recorder.url, identify=["basic", "api-key"])
    settings["gateway"]["failures"] = {"mode": "off"}
    settings["apps"][0]["passwords"] = [{"user": USER, "hash": {"file": "hash"}}]
    laid = shapes.lay_out(folder / "box", settings)
    (laid / "hash").write_text(hashed(PASSWORD))
    with running(laid, keys) as gateway:
        yield gateway


def test_the_right_password_opens_and_every_other_does_not(
    tmp_path: Path, recorder: Recorder, keys: dict[str, str]
) -> None:
    with serving(tmp_path, recorder, keys) as gateway:
        url = f"http://127.0.0.1:{gateway.port}/box/things"

        def ask(user: str, password: str) -> httpx.Response:
            return httpx.get(url, auth=httpx.BasicAuth(user, password))

        for _ in range(2):
            assert ask(USER, PASSWORD).status_code == 200
        assert [one.values("authorization") for one in recorder.requests] == [[], []]
        assert recorder.requests[0].values("yett-app") == ["owner-app"]
        for user, password in [(USER, "wrong"), ("nobody", PASSWORD), ("", ""), (USER, ""), (USER, "x" * 2000)]:
            refused = ask(user, password)
            assert (refused.status_code, refused.json()["code"]) == (401, "credential-invalid")
            assert refused.headers["www-authenticate"] == 'Basic realm="yett", charset="UTF-8"'
        assert ask(USER, PASSWORD).status_code == 200
        for value in ["Basic", "Basic %%%", "Basic " + base64.b64encode(b"a:\xff").decode()]:
            assert httpx.get(url, headers={"authorization": value}).status_code == 401
        both = httpx.get(url, auth=httpx.BasicAuth(USER, PASSWORD), headers={"x-api-key": keys["owner"]})
        assert (both.status_code, both.json()["code"]) == (400, "credential-ambiguous")
        assert httpx.get(url, headers={"x-api-key": keys["owner"]}).status_code == 200


def test_guessing_does_not_hold_up_others_and_is_turned_away_when_it_is_too_much(
    tmp_path: Path, recorder: Recorder, keys: dict[str, str]
) -> None:
    with serving(tmp_path, recorder, keys) as gateway:
        url = f"http://127.0.0.1:{gateway.port}/box/things"
        assert httpx.get(url, auth=httpx.BasicAuth(USER, PASSWORD)).status_code == 200

        # One client for all: a client of its own for each would come one by one, and never be a crowd.
        client = httpx.Client(limits=httpx.Limits(max_connections=80), timeout=60)

        def guess(number: int) -> httpx.Response:
            return client.get(url, auth=httpx.BasicAuth(USER, f"guess {number}"))

        with client, ThreadPoolExecutor(80) as crowd:
            guesses = list(crowd.map(guess, range(160)))
            assert httpx.get(url, auth=httpx.BasicAuth(USER, PASSWORD)).status_code == 200
        assert {one.status_code for one in guesses} <= {401, 503}
        turned_away = [one for one in guesses if one.status_code == 503]
        assert turned_away
        assert all(one.headers["retry-after"] == "1" for one in turned_away)
