"""Making API keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.places import ENVIRONMENT, SETTINGS, lay_out
from yett.access.keys import is_wellformed
from yett.errors import ConfigurationError, KeyFormatError, SecretError, YettError
from yett.services.assembly import assemble
from yett.services.keys import new_key


def test_a_new_keys_line_when_put_into_the_configuration_makes_it_a_credential(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    key = new_key(path, ENVIRONMENT, env="test", app="reader-app")
    assert is_wellformed(key.text)
    assert key.text not in repr(key)
    lay_out(tmp_path, SETTINGS.replace("{env: READER_KEY}", key.line))
    assembly = assemble(path, {})
    assert assembly.diagnostics == ()
    assert [(one.prefix, one.hash) for one in assembly.credentials.items] == [(key.prefix, key.hash)]


def test_a_key_is_made_before_there_is_a_configuration(tmp_path: Path) -> None:
    key = new_key(str(tmp_path / "yett.yaml"), {})
    assert key.pepper == f"file {tmp_path / '.yett' / 'pepper'}"


def test_an_unknown_app_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(YettError) as refusal:
        new_key(lay_out(tmp_path), {}, app="reader-ap")
    assert refusal.value.hint == "did you mean `reader-app`?"
    assert not (tmp_path / ".yett").exists()


def test_a_malformed_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFormatError):
        new_key(lay_out(tmp_path), {}, env="LIVE")


def test_a_configuration_whose_pepper_cannot_be_known_makes_no_key(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SETTINGS.replace("{listen:", "{pepper: {envv: P}, listen:"))
    with pytest.raises(ConfigurationError):
        new_key(path, {})
    path = lay_out(tmp_path, SETTINGS.replace("{listen:", "{pepper: {env: P}, listen:"))
    with pytest.raises(SecretError) as refusal:
        new_key(path, {})
    assert refusal.value.code == "secret-missing"


def test_mistakes_elsewhere_do_not_hinder_a_key(tmp_path: Path) -> None:
    assert new_key(lay_out(tmp_path, SETTINGS.replace("per: minute", "per: minit")), {}).text
