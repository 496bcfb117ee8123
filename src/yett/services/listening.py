"""What a gateway's listeners are started with, in the form the native gateway takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yett.model.gateway import GatewaySettings, Listener
    from yett.model.tls import Tls


def listen_options(settings: GatewaySettings) -> tuple[str | dict[str, Any], ...]:
    """The listeners: bare addresses where nothing else is said."""
    return tuple(_listener(one) for one in settings.listen)


def _listener(listener: Listener) -> str | dict[str, Any]:
    if listener.tls is None and not listener.proxy_protocol:
        return listener.address
    return {"address": listener.address, "tls": listener.tls, "proxy_protocol": listener.proxy_protocol}


def redirect_options(settings: GatewaySettings) -> dict[str, Any] | None:
    """The listener that sends callers to HTTPS, if there is one."""
    if settings.redirect_http is None:
        return None
    return {
        "address": settings.redirect_http,
        "port": settings.redirect_port,
        "acme_challenges": settings.acme_challenges,
    }


def tls_options(tls: Tls | None) -> dict[str, Any] | None:
    """TLS towards callers, if there is any."""
    if tls is None:
        return None
    hsts = tls.hsts and {
        "max_age_s": tls.hsts.max_age_s,
        "include_subdomains": tls.hsts.include_subdomains,
        "preload": tls.hsts.preload,
    }
    return {
        "certificates": [
            {"certificate": one.certificate, "key": one.key, "hosts": list(one.hosts)} for one in tls.certificates
        ],
        "strict_sni": tls.strict_sni,
        "min_version": tls.min_version,
        "client_certificates": [
            {
                "ca": one.ca,
                "crl": list(one.crl),
                "mode": one.mode,
                "hosts": list(one.hosts),
                "forward": one.forward,
            }
            for one in tls.client_certificates
        ],
        "hsts": hsts,
    }
