"""Callouts of the snapshot, and whom else the gateway asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yett.compile.fields import compact
from yett.compile.upstreams import compile_upstream_tls

if TYPE_CHECKING:
    from yett.model.callout import Callout
    from yett.model.remote import Remote


def compile_remote(remote: Remote) -> dict[str, Any]:
    """`Remote` of the snapshot."""
    return compact(
        url=remote.url,
        private=remote.private or None,
        plain=remote.plain or None,
        timeout_ms=remote.timeout_ms,
        ca_pem=remote.ca_pem,
        tls=compile_upstream_tls(remote.tls),
    )


def compile_callout(callout: Callout) -> dict[str, Any]:
    """`Callout` of the snapshot."""
    send = compact(
        headers=list(callout.send_headers),
        body=callout.send_body,
        without_address=None if callout.send_address else True,
    )
    return compact(
        name=callout.name,
        remote=compile_remote(callout.remote),
        cache_ms=callout.cache_ms,
        on_failure=None if callout.on_failure == "refuse" else callout.on_failure,
        send=send,
        headers=list(callout.headers),
    )
