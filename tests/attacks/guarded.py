"""A real gateway before the weak shop, and callers of either."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.client import Client
from tests.e2e.gateways import Gateway, running

CONTRACT = Path(__file__).with_name("shop.openapi.yaml")
# What of the settings belongs to the top of the configuration.
TOP = {"gateway", "collections", "profiles", "policies", "teams", "apps", "users", "issuers", "callouts"}


@dataclass(frozen=True)
class Guarded:
    """The shop behind a gateway. Paths are those of the shop: it has no base path."""

    gateway: Gateway

    def client(self, app: str = "alice", **settings: Any) -> Client:
        """Return a caller with that app's key; `""` has none."""
        return self.gateway.client(app, **settings)


def configuration(upstream: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole configuration: the secure defaults, and what a test changes."""
    api = {name: value for name, value in settings.items() if name not in TOP}
    top = {name: value for name, value in settings.items() if name in TOP - {"gateway"}}
    gateway = {"listen": "127.0.0.1:0", "telemetry": "127.0.0.1:0", "access_log": "access.log", "workers": 2}
    # The machine of a test may stop for a while: that is no reason to shed.
    gateway |= {"overload": {"lag": "60s"}, **settings.get("gateway", {})}
    apps = [
        {"name": name, "team": "crew", "profiles": ["all"], "keys": [{"env": f"{name.upper()}_KEY"}]}
        for name in ("alice", "bob")
    ]
    return {
        "yett": 1,
        "gateway": gateway,
        "apis": [{"name": "shop", "contract": CONTRACT.name, "upstream": upstream, "base_path": "/", **api}],
        "profiles": [{"name": "all", "grants": [{"operation": "shop:*"}]}],
        "teams": [{"name": "crew"}],
        "apps": apps,
        **top,
    }


@contextmanager
def guarding(folder: Path, upstream: str, keys: Mapping[str, str], settings: Mapping[str, Any]) -> Iterator[Guarded]:
    """Run the gateway until the block ends."""
    folder.mkdir(parents=True)
    shutil.copy(CONTRACT, folder)
    (folder / "yett.yaml").write_text(json.dumps(configuration(upstream, settings)))
    with running(folder, keys) as gateway:
        yield Guarded(gateway)
