"""The guides to tokens, followed to the letter: their settings are run, and their commands typed."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.e2e import shapes
from tests.e2e.gateways import ROOT, YETT, Gateway, running
from tests.e2e.recorder import Recorder

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

KEY = ECKey.generate_key("P-256", {"kid": "k1"})
KEY_SETS = json.dumps({"keys": [KEY.as_dict(private=False)]})


def settings_of(guide: str, kind: str) -> dict[str, Any]:
    """The settings of a kind that a guide shows."""
    block = re.search(rf"^```yaml\n# {kind}\n(.*?)^```", text_of(guide), re.MULTILINE | re.DOTALL)
    assert block is not None
    found: dict[str, Any] = yaml.safe_load(block[1])
    return found


def text_of(guide: str) -> str:
    return (ROOT / "docs" / "guides" / f"{guide}.md").read_text()


def type_in(guide: str, number: int, gateway: Gateway, **environment: str) -> dict[str, Any]:
    """Type the `curl` of a guide with that number; what it prints, as JSON. Nothing printed is an empty object."""
    commands = re.findall(r"^    (curl .*(?:\n      .*)*)", text_of(guide), re.MULTILINE)
    command = commands[number].replace("https://api.example.com", f"http://127.0.0.1:{gateway.port}")
    run = subprocess.run(
        ["bash", "-c", command.replace("curl ", "curl -sS --fail-with-body ", 1)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    answer: dict[str, Any] = json.loads(run.stdout or "{}")
    return answer


def secret_for(folder: Path, app: str) -> dict[str, str]:
    """What `yett client new` prints, as the guide says."""
    run = subprocess.run([YETT, "client", "new", folder, "--app", app, "--json"], check=True, capture_output=True)
    made: dict[str, str] = json.loads(run.stdout)
    return made


def lay_out(folder: Path, recorder: Recorder, tokens: dict[str, Any], app: dict[str, Any]) -> Path:
    """The small API with the endpoint and the app of a guide."""
    configuration = shapes.settings(recorder.url)
    configuration["teams"].append({"name": app["team"]})
    configuration["profiles"] += [{"name": "reader"}, {"name": "writer"}]
    configuration["apps"] = [app]
    configuration["tokens"] = tokens
    shapes.lay_out(folder, configuration)
    for name in ("signer.jwks.json", "login.jwks.json"):
        (folder / name).write_text(KEY_SETS)
    return folder


@pytest.fixture
def endpoint(tmp_path: Path, recorder: Recorder) -> Iterator[tuple[Gateway, str]]:
    """The endpoint of the first guide, and the secret of its client."""
    tokens, app = settings_of("token-endpoint", "a token endpoint"), settings_of("token-endpoint", "an app")
    # What the guide shows is the hash of nobody's secret, under nobody's pepper.
    folder = lay_out(tmp_path / "box", recorder, tokens, app | {"clients": []})
    made = secret_for(folder, "robot-app")
    app["clients"][0]["secrets"] = [yaml.safe_load(made["line"])]
    lay_out(folder, recorder, tokens, app)
    with running(folder) as gateway:
        yield gateway, made["secret"]


def test_the_guide_to_the_endpoint_gets_a_token_and_takes_it_back(endpoint: tuple[Gateway, str]) -> None:
    gateway, secret = endpoint
    answer = type_in("token-endpoint", 0, gateway, SECRET=secret)
    assert (answer["token_type"], answer["scope"]) == ("Bearer", "reader writer")
    assert type_in("token-endpoint", 1, gateway, SECRET=secret, TOKEN=answer["access_token"]) == {}


def test_the_guide_to_token_exchange_acts_for_a_user(tmp_path: Path, recorder: Recorder) -> None:
    tokens = settings_of("token-exchange", "a token endpoint")
    client: dict[str, Any] = {"id": "assistant", "jwks": "signer.jwks.json"}
    app: dict[str, Any] = {
        "name": "assistant-app",
        "team": "robots",
        "profiles": ["reader"],
        "clients": [client],
        "agent": True,
    }
    folder = lay_out(tmp_path / "box", recorder, tokens, app)
    made = secret_for(folder, "assistant-app")
    client["secrets"] = [yaml.safe_load(made["line"])]
    lay_out(folder, recorder, tokens, app)
    now = int(time.time())
    claims = {"iss": "https://login.example.com", "sub": "staff-7", "aud": "https://api.example.com", "exp": now + 60}
    user_token = jwt.encode({"alg": "ES256", "kid": "k1"}, claims, KEY)
    with running(folder) as gateway:
        answer = type_in("token-exchange", 0, gateway, SECRET=made["secret"], USER_TOKEN=user_token)
    shown = re.search(r"^```json\n(.*?)^```", text_of("token-exchange"), re.MULTILINE | re.DOTALL)
    assert shown is not None
    expected = json.loads(shown[1])
    told = json.loads(base64.urlsafe_b64decode(answer["access_token"].split(".")[1] + "=="))
    assert {name: told[name] for name in expected} == expected
