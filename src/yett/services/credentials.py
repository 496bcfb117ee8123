"""The keys of apps become credentials: read, verified in form, hashed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yett.access.keys import PREFIX_RANDOM_LENGTH, hash_key, parse_key, pepper_id
from yett.config import read_secret
from yett.errors import SecretError
from yett.model.access import App, Credential, Credentials, Key
from yett.model.diagnostic import Diagnostic
from yett.model.secret import HashedKey

if TYPE_CHECKING:
    from yett.model.place import Place


@dataclass(slots=True)
class Resolved:
    """Credentials, the mistakes met on the way, and the files that were read for them."""

    credentials: Credentials = Credentials()
    diagnostics: list[Diagnostic] = field(default_factory=list)
    files: set[str] = field(default_factory=set)


def resolve_credentials(
    apps: tuple[App, ...], pepper: bytes, environment: Mapping[str, str], *, now: float
) -> Resolved:
    """Every key of `apps` as a credential; one with a mistake is reported and left out.

    `now` is the Unix second against which expiries are held, to warn of those that have passed.
    """
    resolved = Resolved()
    items = [
        credential
        for app in apps
        for key in app.keys
        if (credential := _credential(app, key, pepper, environment, resolved)) is not None
    ]
    resolved.diagnostics.extend(_repeated(items))
    resolved.diagnostics.extend(_expired(items, now))
    resolved.credentials = Credentials(tuple(items), pepper_id(pepper))
    return resolved


def _credential(
    app: App, key: Key, pepper: bytes, environment: Mapping[str, str], resolved: Resolved
) -> Credential | None:
    if isinstance(key.source, HashedKey):
        prefix, digest = key.source.prefix, key.source.hash
    else:
        if key.source.kind == "file":
            resolved.files.add(key.source.name)
        try:
            text = read_secret(key.source, environment)
            prefix, digest = parse_key(text).prefix, hash_key(text, pepper)
        except SecretError as error:
            message = str(error) if error.code != "key-malformed" else f"the {key.source} does not hold a key: {error}"
            resolved.diagnostics.append(key.place.diagnostic(error.code, message, hint=error.hint or _KEY_HINT))
            return None
    name = key.id or f"{app.name}-{prefix[-PREFIX_RANDOM_LENGTH:]}"
    profiles = None if key.profiles is None else tuple(dict.fromkeys(one.name for one in key.profiles))
    return Credential(name, app.name, prefix, digest, key.expires_at, profiles, key.made_at, key.place)


def _repeated(items: list[Credential]) -> Iterator[Diagnostic]:
    hashes: dict[str, Place] = {}
    ids: dict[str, Place] = {}
    for item in items:
        if item.hash in hashes:
            message = f"this key of `{item.app}` is given twice: a key belongs to one app, once"
            yield item.place.diagnostic("duplicate-key", message, hint=f"first given at {hashes[item.hash]}")
        elif item.id in ids:
            message = f"two keys have the id `{item.id}`"
            yield item.place.diagnostic(
                "duplicate-key-id", message, hint=f"give one an `id`; the other: {ids[item.id]}"
            )
        hashes.setdefault(item.hash, item.place)
        ids.setdefault(item.id, item.place)


def _expired(items: list[Credential], now: float) -> Iterator[Diagnostic]:
    for item in items:
        if item.expires_at is not None and item.expires_at <= now:
            message = f"the key `{item.id}` has expired and is refused"
            yield item.place.diagnostic("key-expired", message, hint="remove it, or renew it", severity="warning")


_KEY_HINT = "make one with `yett key new`"
