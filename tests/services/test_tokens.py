"""The token endpoint between a configuration and a gateway: its settings, its APIs, and revocations that last."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.services.places import CONTRACT, ENVIRONMENT, SETTINGS
from tests.services.test_run import House
from yett.access.client_secrets import new_client_secret
from yett.access.keys import hash_key
from yett.errors import GatewayError
from yett.gateway import Applied, check_snapshot, native_available
from yett.services.assembly import Assembly, assemble
from yett.services.news import Refused, Reloaded
from yett.services.patches import Patches, revoke_token
from yett.services.token_apis import Door, token_contracts
from yett.services.token_desk import TokenDesk
from yett.store import Database, RevokedToken, TokenStore
from yett.tokens.keys import new_signing_key

SECRET = new_client_secret("test")
CLIENTS = "clients: [{id: robot, secrets: [{file: robot.secret}], jwks: robot.jwks.json}]"
TOKENED = SETTINGS.replace("keys: [{env: READER_KEY}]", CLIENTS)
TOKENED += "tokens: {issuer: https://id.example/oauth, audience: https://api.example}\n"


def lay_out(folder: Path, settings: str = TOKENED) -> str:
    (folder / "shop.json").write_text(json.dumps(CONTRACT))
    (folder / "robot.secret").write_text(SECRET + "\n")
    key = ECKey.generate_key("P-256", {"kid": "r1"}).as_dict(private=False)
    (folder / "robot.jwks.json").write_text(json.dumps({"keys": [key]}))
    (folder / "yett.yaml").write_text(settings)
    return str(folder)


def assembled(folder: Path, settings: str = TOKENED, *, create: bool = True) -> Assembly:
    return assemble(lay_out(folder, settings), ENVIRONMENT, create_pepper=create, create_tokens_key=create)


def test_settings_are_what_is_written_and_secrets_are_hashed(tmp_path: Path) -> None:
    assembly = assembled(tmp_path)
    assert assembly.diagnostics == ()
    settings = assembly.tokens
    assert settings is not None
    robot = settings.clients["robot"]
    assert (robot.app, robot.scopes) == ("reader-app", ("reader",))
    assert [one.hash for one in robot.secrets] == [hash_key(SECRET, assembly.pepper.secret)]
    assert [one.kid for one in robot.keys] == ["r1"]
    assert settings.token_url == "https://id.example/oauth/token"
    assert {"robot.secret", "robot.jwks.json"} <= {Path(file).name for file in assembly.files}
    assert SECRET not in repr(assembly)


def test_a_key_is_made_for_a_run_and_never_for_a_check(tmp_path: Path) -> None:
    path = tmp_path / ".yett" / "tokens-key.pem"
    assert assembled(tmp_path, create=False).tokens is not None, "a throw-away one stands in"
    assert not path.exists()
    assert assembled(tmp_path).tokens is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kids = [one.tokens.ring.current.kid for one in (assembled(tmp_path), assembled(tmp_path)) if one.tokens]
    assert len(set(kids)) == 1


@pytest.mark.parametrize(
    ("file", "content", "code"),
    [
        ("robot.secret", "hunter2", "key-malformed"),
        ("robot.secret", "", "secret-empty"),
        ("robot.jwks.json", "{}", "jwks-invalid"),
        ("robot.jwks.json", '{"keys": [{"kty": "oct", "k": "aHVudGVyMg"}]}', "jwks-invalid"),
        ("robot.jwks.json", " " * 300_000, "jwks-invalid"),
        ("key.pem", "hunter2", "tokens-key-invalid"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_not_repeated(
    tmp_path: Path, file: str, content: str, code: str
) -> None:
    settings = TOKENED.replace("audience:", "keys: [{file: key.pem}], audience:")
    path = lay_out(tmp_path, settings)
    (tmp_path / "key.pem").write_text(new_signing_key())
    (tmp_path / "key.pem").chmod(0o600)
    (tmp_path / file).write_text(content)
    (found,) = assemble(path, ENVIRONMENT, create_pepper=True, create_tokens_key=True).diagnostics
    assert found.code == code
    assert "hunter2" not in found.message + found.hint
    assert "aHVudGVyMg" not in found.message


def test_files_that_are_missing_are_told_all_at_once(tmp_path: Path) -> None:
    path = lay_out(tmp_path, TOKENED.replace("audience:", "keys: [{file: key.pem}], audience:"))
    for name in ("robot.secret", "robot.jwks.json"):
        (tmp_path / name).unlink()
    codes = sorted(
        one.code for one in assemble(path, ENVIRONMENT, create_pepper=True, create_tokens_key=True).diagnostics
    )
    assert codes == ["file-missing", "secret-missing", "secret-missing"]


def test_a_key_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    path = lay_out(tmp_path, TOKENED.replace("audience:", "keys: [{file: key.pem}, {file: same.pem}], audience:"))
    for name in ("key.pem", "same.pem"):
        (tmp_path / name).write_text(new_signing_key())
        (tmp_path / name).chmod(0o644)
    found = assemble(path, ENVIRONMENT, create_pepper=True, create_tokens_key=True).diagnostics
    assert [(one.code, one.severity) for one in found] == [("tokens-key-exposed", "warning")] * 2


def test_the_contracts_of_the_endpoint_are_sound() -> None:
    for contract in token_contracts().values():
        assert contract.diagnostics == ()
        assert contract.operations


@pytest.mark.skipif(not native_available(), reason="the native module is not built")
def test_the_endpoint_is_an_api_that_the_engine_accepts(tmp_path: Path) -> None:
    assembly = assembled(tmp_path)
    snapshot = assembly.snapshot(Door(1234, "w" * 64))
    assert check_snapshot(snapshot, assembly.pepper.secret) == ()
    apis = {api["name"]: api for api in json.loads(snapshot)["apis"]}
    assert apis["yett-tokens"]["identify"] == {"public": True}
    assert apis["yett-tokens-metadata"]["base_path"] == "/.well-known/oauth-authorization-server/oauth"
    (issuer,) = json.loads(snapshot)["issuers"]
    assert issuer["app"] == {"from": {"claim": "client_id", "map": {"robot": "reader-app"}}}
    assert issuer["profiles"] == {"claim": "scope", "map": {"reader": ["reader"]}}
    # Without an endpoint nothing leads to where somebody else could listen.
    assert {api["name"] for api in json.loads(assembly.snapshot())["apis"]} == {"shop"}


class TokenHouse(House):
    """A house with a token endpoint."""

    def __init__(self, folder: Path, settings: str = TOKENED) -> None:
        lay_out(folder)
        super().__init__(folder, settings)


def test_a_revocation_is_told_to_the_gateway_at_once_and_again_before_the_next_one_serves(tmp_path: Path) -> None:
    house = TokenHouse(tmp_path).start()
    expires_at = 4_000_000_000
    house.runner._desk.revoke("https://id.example/oauth", "t1", expires_at=expires_at, client="robot")
    change = revoke_token("https://id.example/oauth", "t1", expires_at)
    assert house.gateway.patches == [{"sequence": 1, "changes": [change]}]
    house.runner.stop(0)
    again = TokenHouse(tmp_path).start()
    assert again.gateway.patches == [{"sequence": 1, "changes": [change]}]
    again.runner.stop(0)


def test_settings_of_the_endpoint_follow_the_files_and_the_port_stays(tmp_path: Path) -> None:
    house = TokenHouse(tmp_path).start()
    port = house.runner._desk.door
    (tmp_path / "robot.secret").write_text(new_client_secret("test"))
    (news,) = house.settle()
    assert isinstance(news, Reloaded)
    assert house.runner._desk.door == port
    assert isinstance(house.edit(TOKENED.replace("https://id.example/oauth", "nonsense"))[0], Refused)
    assert house.runner._desk._settings.issuer == "https://id.example/oauth"
    house.runner.stop(0)


def test_a_refused_snapshot_leaves_the_endpoint_as_it_was(tmp_path: Path) -> None:
    house = TokenHouse(tmp_path).start()
    house.gateway.refuses = "/apis/0"
    (news,) = house.edit(TOKENED.replace("https://api.example}", "https://api.example, lifetime: 1m, base_path: /t}"))
    assert isinstance(news, Refused)
    assert house.runner._desk._settings.lifetime_s == 300
    house.runner.stop(0)


def test_an_endpoint_that_comes_later_is_served(tmp_path: Path) -> None:
    house = TokenHouse(tmp_path, SETTINGS).start()
    assert house.runner._desk.door is None
    (news,) = house.edit(TOKENED)
    assert isinstance(news, Reloaded)
    assert "yett-tokens" in {api["name"] for api in house.gateway.snapshots[-1]["apis"]}
    house.edit(SETTINGS)
    assert "yett-tokens" not in {api["name"] for api in house.gateway.snapshots[-1]["apis"]}
    house.runner.stop(0)


class Ledger:
    """A gateway that only counts patches."""

    def __init__(self) -> None:
        self.patches: list[dict[str, Any]] = []
        self.refuses = False

    def patch(self, patch: bytes) -> Applied:
        if self.refuses:
            raise GatewayError("no room")
        document = json.loads(patch)
        self.patches.append(document)
        return Applied("", document["sequence"])

    def key_set(self, _issuer: str, _kid: str | None) -> bytes | None:
        return None


def test_patches_are_numbered_and_many_changes_are_cut_into_several() -> None:
    ledger = Ledger()
    patches = Patches(ledger)
    patches.follow(Applied("", 7))
    patches.send_all(revoke_token("i", str(number), 1) for number in range(10_001))
    patches.send_all([])
    assert [(one["sequence"], len(one["changes"])) for one in ledger.patches] == [(8, 10_000), (9, 1)]


def test_a_recall_that_failed_is_made_again(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "store.db")
    TokenStore(database).revoke(RevokedToken("i", "t", 4_000_000_000), now=0)
    database.close()
    ledger = Ledger()
    desk = TokenDesk(str(tmp_path / "store.db"), Patches(ledger), ledger)
    assembly = assembled(tmp_path)
    assert assembly.tokens is not None
    desk.open(assembly.tokens)
    ledger.refuses = True
    with pytest.raises(GatewayError):
        desk.recall()
    ledger.refuses = False
    desk.recall()
    desk.recall()
    assert [one["changes"] for one in ledger.patches] == [[revoke_token("i", "t", 4_000_000_000)]]
    desk.stop()


def test_what_has_lapsed_is_swept_now_and_then(tmp_path: Path) -> None:
    now = [1_000_000.0]
    path = tmp_path / "store.db"
    database = Database.open(path)
    TokenStore(database).revoke(RevokedToken("i", "t", 1_000_010), now=0)
    database.close()
    desk = TokenDesk(str(path), Patches(Ledger()), Ledger(), clock=lambda: now[0])
    assembly = assembled(tmp_path)
    assert assembly.tokens is not None
    desk.open(assembly.tokens)
    assert desk._store is not None
    desk.tend()
    now[0] += 700
    desk.tend()
    assert desk._store.is_revoked("i", "t"), "a verifier may still grant its clock some leeway"
    now[0] += 3_700
    desk.tend()
    assert not desk._store.is_revoked("i", "t")
    desk.stop()
