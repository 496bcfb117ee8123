"""Configurations and the snapshots they become: `tests/golden/NAME.in.yaml` gives `tests/golden/NAME.out.json`.

After a change that is meant, `YETT_UPDATE_GOLDEN=1 pytest tests/compile` writes the outputs anew; read the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.native import NATIVE
from yett.access.client_secrets import new_client_secret
from yett.access.keys import pepper_id
from yett.gateway import check_snapshot
from yett.services.assembly import Assembly, assemble
from yett.services.identity import new_identity_key

FOLDER = Path(__file__).parent.parent / "golden"
NAMES = sorted(path.name.removesuffix(".in.yaml") for path in FOLDER.glob("*.in.yaml"))
VECTORS = json.loads((FOLDER / "keys.json").read_text(encoding="utf-8"))
# Always the same, since its public part is in the snapshot.
FAKE_TOKENS_KEY = (
    Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
ENVIRONMENT = {
    "FAKE_PEPPER": VECTORS["pepper"].encode().hex(),
    "FAKE_IDENTITY_KEY": new_identity_key(),
    "FAKE_KEY": VECTORS["keys"][0]["key"],
    "FAKE_OTHER_KEY": VECTORS["keys"][1]["key"],
    "FAKE_CLIENT_SECRET": new_client_secret("test"),
    "FAKE_TOKENS_KEY": FAKE_TOKENS_KEY,
    "FAKE_SIGNING_SECRET": "a secret that signs",
    "FAKE_WEBHOOK_SECRET": "a secret of webhooks",
    "FAKE_OTHER_WEBHOOK_SECRET": "another of webhooks",
    "FAKE_PASSWORD_HASH": "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OTAxMjM0NQ",
}


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def assembled(name: str, monkeypatch: pytest.MonkeyPatch) -> Assembly:
    """The configuration of that name, its paths relative as on a command line."""
    monkeypatch.chdir(FOLDER)
    return assemble(f"{name}.in.yaml", ENVIRONMENT)


def test_a_configuration_when_compiled_gives_its_golden_snapshot(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assembly = assembled(name, monkeypatch)
    assert assembly.diagnostics == ()
    snapshot = json.loads(assembly.snapshot())
    if assembly.pepper.stands_in:
        # A throw-away pepper is different every time.
        assert snapshot["pepper_id"] == pepper_id(assembly.pepper.secret)
        snapshot["pepper_id"] = "0" * 16
    expected = FOLDER / f"{name}.out.json"
    if os.environ.get("YETT_UPDATE_GOLDEN"):
        expected.write_text(json.dumps(snapshot, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    assert snapshot == json.loads(expected.read_text(encoding="utf-8"))


@NATIVE
def test_a_golden_snapshot_is_accepted_by_the_engine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assembly = assembled(name, monkeypatch)
    assert check_snapshot(assembly.snapshot(), assembly.pepper.secret) == ()
