"""Checking without running."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gateway.fake import fake_native
from tests.native import NATIVE
from tests.services.places import CONTRACT, ENVIRONMENT, SETTINGS, lay_out
from yett.services.check import ENGINES_OWN, check_configuration
from yett.services.pepper import create_pepper


def test_a_sound_configuration_is_counted_and_nothing_is_written(tmp_path: Path) -> None:
    with fake_native(present=False):
        report = check_configuration(lay_out(tmp_path), ENVIRONMENT)
    assert (report.sound, report.engine_asked, report.diagnostics) == (True, False, ())
    assert (report.apis, report.operations, report.apps, report.keys) == (1, 2, 1, 1)
    assert report.digest is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.json", "yett.yaml"]


def test_the_digest_is_told_once_there_is_a_pepper_to_keep_it_the_same(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    create_pepper(tmp_path / ".yett" / "pepper")
    with fake_native(present=False):
        digests = {check_configuration(path, ENVIRONMENT).digest for _ in range(2)}
    (digest,) = digests
    assert len(digest or "") == 64


def test_mistakes_of_configuration_contract_and_keys_come_together(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("per: minute", "per: minit"))
    (tmp_path / "shop.json").write_text('{"openapi": "3.1.0", "paths": {}}')
    report = check_configuration(path, {})
    assert {Path(one.file).name for one in report.diagnostics} == {"yett.yaml", "shop.json"}
    assert {"unknown-value", "secret-missing", "info-incomplete"} <= {one.code for one in report.diagnostics}
    assert (report.sound, report.digest) == (False, None)


@pytest.mark.parametrize(
    "api",
    [
        "{name: shop, contract: shop.json, upstream: 'http://127.0.0.1:9', base_path: shop}",
        "{name: shop, contract: shop.json, upstream: 'ftp://127.0.0.1:9', nonsense: 1}",
        "{name: shop, contract: shop.json}",
        "{name: shop, contract: shop.json, upstream: 'http://127.0.0.1:9', limits: [{requests: 1, per: minit}]}",
    ],
)
def test_a_contract_is_read_also_where_another_field_of_its_api_is_bad(tmp_path: Path, api: str) -> None:
    path = lay_out(tmp_path, f"yett: 1\napis:\n  - {api}\n")
    (tmp_path / "shop.json").write_text('{"openapi": "3.1.0", "paths": {}}')
    report = check_configuration(path, ENVIRONMENT)
    assert {Path(one.file).name for one in report.diagnostics} == {"yett.yaml", "shop.json"}


def test_the_other_keys_of_an_app_are_looked_at_where_one_is_bad(tmp_path: Path) -> None:
    keys = "keys: [{env: READER_KEY, nonsense: 1}, {env: GONE_KEY}]"
    report = check_configuration(lay_out(tmp_path, SETTINGS.replace("keys: [{env: READER_KEY}]", keys)), ENVIRONMENT)
    found = {(one.code, one.pointer) for one in report.diagnostics}
    assert found == {("unknown-key", "/apps/0/keys/0/nonsense"), ("secret-missing", "/apps/0/keys/1")}


def test_what_the_engine_finds_is_told_where_it_was_written(tmp_path: Path) -> None:
    with fake_native():
        report = check_configuration(lay_out(tmp_path), ENVIRONMENT)
    (found,) = report.diagnostics
    assert (found.file, found.message, found.hint) == (str(tmp_path / "yett.yaml"), "is odd", "mend it")
    assert not report.sound


def test_a_contract_refers_into_the_folders_that_its_api_names_and_into_no_other(tmp_path: Path) -> None:
    shared, house = tmp_path / "shared", tmp_path / "house"
    for folder in (shared, house):
        folder.mkdir()
    (shared / "id.json").write_text('{"type": "integer"}')
    path = lay_out(house, SETTINGS.replace("shop.json,", "shop.json, contract_folders: [../shared],"))
    contract = json.dumps(CONTRACT).replace('{"type": "integer"}', '{"$ref": "../shared/id.json"}')
    (house / "shop.json").write_text(contract)
    with fake_native(present=False):
        assert check_configuration(path, ENVIRONMENT).diagnostics == ()
        (house / "yett.yaml").write_text(SETTINGS)
        (found,) = check_configuration(path, ENVIRONMENT).diagnostics
    assert (found.code, "`contract_folders`" in found.hint) == ("ref-outside", True)


def test_a_folder_of_contracts_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("shop.json,", "shop.json, contract_folders: [., gone],"))
    with fake_native(present=False):
        (found,) = check_configuration(path, ENVIRONMENT).diagnostics
    assert (found.code, found.line, found.pointer) == ("folder-missing", 4, "/apis/0/contract_folders/1")


@NATIVE
def test_the_real_engine_accepts_what_is_compiled(tmp_path: Path) -> None:
    report = check_configuration(lay_out(tmp_path), ENVIRONMENT)
    assert (report.sound, report.engine_asked, report.diagnostics) == (True, True, ())


@NATIVE
def test_what_only_the_engine_can_tell_is_told_beside_other_mistakes(tmp_path: Path) -> None:
    path = lay_out(
        tmp_path,
        SETTINGS.replace("per: minute", "per: minit").replace(
            "contract: shop.json",
            "contract: shop.json, redirects: [{from: /old, to: 'https://elsewhere.example/x'}],"
            " headers: {request: {set: {Content-Length: '${nope}'}}},"
            " upstream_identity: {audience: shop, header: cookie}",
        ),
    )
    found = check_configuration(path, ENVIRONMENT).diagnostics
    of_engine = {"redirect-invalid", "upstream-identity-invalid", "header-rule-invalid", "header-value-invalid"}
    assert {"unknown-value", *of_engine} <= {one.code for one in found}, found
    assert all(one.hint for one in found if one.code in ENGINES_OWN)
