"""Tokens that live for days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from yett.governance.settings import Remark, Settings, SettingsRule

_DAY: Final = 86_400


def _look(settings: Settings) -> Iterator[Remark]:
    for issuer in settings.configuration.issuers:
        if issuer.max_lifetime_s is None or issuer.max_lifetime_s > _DAY:
            yield Remark(issuer.place, f"tokens of `{issuer.name}` may live for longer than a day")


RULE = SettingsRule(
    id="settings-token-long-lived",
    severity="warn",
    title="Tokens may live for ever",
    why="A stolen token is good until it ends; what the issuer forgot to limit, nobody limits.",
    fix="set `max_lifetime` for the issuer, such as 1h",
    good="""\
issuers:
  - name: sign-in
    issuer: https://id.example.org
    jwks: https://id.example.org/keys
    audiences: [shop]
    app: reader-app
    max_lifetime: 1h
apis: [{name: shop, identify: {jwt: {issuers: [sign-in]}}}]
""",
    bad="""\
issuers:
  - name: sign-in
    issuer: https://id.example.org
    jwks: https://id.example.org/keys
    audiences: [shop]
    app: reader-app
apis: [{name: shop, identify: {jwt: {issuers: [sign-in]}}}]
""",
    look=_look,
)
