"""Metrics that anybody can read."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.addresses import host_of, is_private
from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    gateway = settings.configuration.gateway
    if gateway.telemetry is not None and not is_private(host_of(gateway.telemetry)):
        yield Remark(gateway.place, f"metrics are told to whoever reaches {gateway.telemetry}")


RULE = SettingsRule(
    id="settings-telemetry-open",
    severity="error",
    title="Metrics are open to the network",
    why="Metrics tell which APIs, operations and apps there are, and how busy: a map for whoever plans an attack.",
    fix="let `telemetry` listen on loopback, or on an address that only the collector reaches",
    good="""\
gateway: {telemetry: '127.0.0.1:9464'}
""",
    bad="""\
gateway: {telemetry: '0.0.0.0:9464'}
""",
    look=_look,
)
