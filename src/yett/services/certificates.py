"""What is worth knowing of the gateway's certificates before callers find out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from yett.config import certificate_facts, lists_expire

if TYPE_CHECKING:
    from yett.model.api import Api
    from yett.model.configuration import Configuration
    from yett.model.diagnostic import Diagnostic
    from yett.model.place import Place
    from yett.model.tls import CertificateFiles

SOON_S: Final = 30 * 86_400
LIST_SOON_S: Final = 86_400


def certificate_warnings(configuration: Configuration, *, now: float) -> Iterator[Diagnostic]:
    """Certificates and revocation lists that expire soon or have, and hosts of APIs that no certificate is for."""
    tls = configuration.gateway.tls
    if tls is None:
        return
    for path in dict.fromkeys(path for one in tls.client_certificates for path in one.crl):
        yield from _list_validity(path, tls.place, now)
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


def _list_validity(path: str, place: Place, now: float) -> Iterator[Diagnostic]:
    expires_s = lists_expire(path)
    if expires_s is None or expires_s > now + LIST_SOON_S:
        return
    hint = "renew it: once it has expired, all callers whose certificates it covers are refused"
    if expires_s <= now:
        yield place.diagnostic("crl-expired", f"the list `{path}` has expired", hint=hint, severity="warning")
    else:
        message = f"the list `{path}` expires in {int((expires_s - now) // 3_600)} hours"
        yield place.diagnostic("crl-expires-soon", message, hint=hint, severity="warning")


def _uncovered(apis: Iterable[Api], names: Iterable[str]) -> Iterator[Diagnostic]:
    known = {name.lower() for name in names}
    for api in apis:
        for host in api.hosts:
            if host not in known and f"*.{host.partition('.')[2]}" not in known:
                message = f"no certificate is for the host `{host}`"
                hint = "add one under `gateway.tls.certificates`, or `hosts` to one that is there"
                yield api.place.diagnostic("certificate-host-mismatch", message, hint=hint, severity="warning")
