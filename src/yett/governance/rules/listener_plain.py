"""Listeners that take credentials in the clear."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.addresses import host_of, is_loopback
from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    gateway = settings.configuration.gateway
    for listener in gateway.listen:
        plain = listener.tls is False or (listener.tls is None and gateway.tls is None)
        if plain and not is_loopback(host_of(listener.address)):
            yield Remark(gateway.place, f"{listener.address} takes credentials in the clear")


RULE = SettingsRule(
    id="settings-listener-plain",
    severity="warn",
    title="Callers are answered in the clear",
    why="Keys and tokens that travel in the clear belong to whoever listens on the way.",
    fix="give the gateway `tls.certificates`, or let it listen on loopback only, behind something that speaks TLS",
    good="""\
gateway: {listen: '127.0.0.1:8080'}
""",
    bad="""\
gateway: {listen: '0.0.0.0:8080'}
""",
    look=_look,
)
