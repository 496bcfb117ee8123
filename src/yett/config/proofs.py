"""Mistakes between apps' proofs and what APIs accept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from yett.model.configuration import Configuration
    from yett.model.diagnostic import Diagnostic
    from yett.model.place import Place

ANONYMOUS: Final = "anonymous"
"""What callers without a credential are called: no app may be, where there are any."""


def check_proofs(configuration: Configuration) -> Iterator[Diagnostic]:
    """Names and keys that two apps have, webhooks without a secret, and what no handshake can prove."""
    yield from _twice(configuration)
    with_secrets = {app.name for app in configuration.apps if app.proofs.webhook_secrets}
    for api in configuration.apis:
        webhook = api.identify.webhook
        known = webhook is not None and any(app.name == webhook.app.name for app in configuration.apps)
        if webhook is not None and known and webhook.app.name not in with_secrets:
            message = f"the app `{webhook.app.name}` has no secret for its webhooks"
            yield webhook.app.place.diagnostic("webhook-unproven", message, hint="give it `webhook_secrets`")
        tls = configuration.gateway.tls
        if api.identify.certificate and not (tls and tls.client_certificates):
            message = f"the API `{api.name}` accepts client certificates, but no handshake asks for one"
            yield api.place.diagnostic("certificate-unasked", message, hint="add `gateway.tls.client_certificates`")
    if any(api.identify.anonymous is not None for api in configuration.apis):
        for app in configuration.apps:
            if app.name == ANONYMOUS:
                message = "callers without a credential are called `anonymous`: no app may be"
                yield app.place.diagnostic("app-reserved", message, hint="give it another name")


def _twice(configuration: Configuration) -> Iterator[Diagnostic]:
    keys: dict[str, Place] = {}
    users: dict[str, Place] = {}
    marks: dict[tuple[object, ...], Place] = {}
    for app in configuration.apps:
        for key in app.proofs.signing_keys:
            if key.id in keys:
                message = f"two signing keys have the id `{key.id}`"
                yield key.place.diagnostic("duplicate-signing-key", message, hint=f"the other: {keys[key.id]}")
            keys.setdefault(key.id, key.place)
        for password in app.proofs.passwords:
            if password.user in users:
                message = f"the user name `{password.user}` is given twice"
                yield password.place.diagnostic("duplicate-user", message, hint=f"the other: {users[password.user]}")
            users.setdefault(password.user, password.place)
        for one in app.proofs.certificates:
            mark = (one.thumbprint, one.subject, one.san, one.authorities)
            if mark in marks:
                message = "the same certificates are named twice"
                yield one.place.diagnostic("duplicate-certificate", message, hint=f"the other: {marks[mark]}")
            marks.setdefault(mark, one.place)
