"""What is worth knowing of the gateway's certificates before callers find out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from yett.config import certificate_facts

if TYPE_CHECKING:
    from yett.model.api import Api
    from yett.model.configuration import Configuration
    from yett.model.diagnostic import Diagnostic
    from yett.model.tls import CertificateFiles

SOON_S: Final = 30 * 86_400


def certificate_warnings(configuration: Configuration, *, now: float) -> Iterator[Diagnostic]:
    """Certificates that expire soon or are not valid, and hosts of APIs that no certificate is for."""
    tls = configuration.gateway.tls
    if tls is None:
        return
    names: list[str] = []
    for one in tls.certificates:
        facts = certificate_facts(one.certificate, one.key)
        if facts is None:
            # What is wrong with the pair has been said where it is named; which hosts it is for nobody can tell.
            return
        names += one.hosts or facts.names
        yield from _validity(one, facts.expires_s, now)
        if facts.expires_s == 0 and not one.hosts:
            return
    yield from _uncovered(configuration.apis, names)


def _validity(one: CertificateFiles, expires_s: int, now: float) -> Iterator[Diagnostic]:
    hint = "renew it: a running gateway takes the new files up by itself"
    place = one.place
    if expires_s <= now:
        message = f"`{one.certificate}` has expired, or is not valid yet"
        yield place.diagnostic("certificate-expired", message, hint=hint, severity="warning")
    elif expires_s <= now + SOON_S:
        message = f"`{one.certificate}` expires in {int((expires_s - now) // 86_400)} days"
        yield place.diagnostic("certificate-expires-soon", message, hint=hint, severity="warning")


def _uncovered(apis: Iterable[Api], names: Iterable[str]) -> Iterator[Diagnostic]:
    known = {name.lower() for name in names}
    for api in apis:
        for host in api.hosts:
            if host not in known and f"*.{host.partition('.')[2]}" not in known:
                message = f"no certificate is for the host `{host}`"
                hint = "add one under `gateway.tls.certificates`, or `hosts` to one that is there"
                yield api.place.diagnostic("certificate-host-mismatch", message, hint=hint, severity="warning")
