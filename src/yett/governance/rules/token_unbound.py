"""Tokens that are good for whoever holds them."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    for issuer in settings.configuration.issuers:
        if issuer.bound == "none":
            yield Remark(issuer.place, f"tokens of `{issuer.name}` are good for whoever holds them")


RULE = SettingsRule(
    id="settings-token-unbound",
    severity="info",
    title="Tokens are good for whoever holds them",
    why="A token that leaks from a log or a browser is as good in the hands of a thief; one bound to a key is not.",
    fix="set `bound: any` for the issuer, where its clients can prove a key (RFC 8705, RFC 9449)",
    good="""\
issuers:
  - name: sign-in
    issuer: https://id.example.org
    jwks: https://id.example.org/keys
    audiences: [shop]
    app: reader-app
    bound: any
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
