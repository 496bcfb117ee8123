"""A real gateway in front of the upstream that keeps every byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.e2e.gateways import Gateway, running
from tests.wire.caller import PATIENCE, Talk, talk
from tests.wire.http2 import Talk2, talk2
from tests.wire.upstream import Heard, Upstream, listening

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wire.cases.frames import Case2
    from tests.wire.verdicts import Case

CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Wire", "version": "1.0.0"},
    "paths": {"/wire/probe": {"get": {"operationId": "probe", "responses": {"200": {"description": "In step."}}}}},
}


def settings(upstream: str) -> dict[str, Any]:
    """One API that lets everything through but what no request may be: the wire alone is on trial."""
    return {
        "yett": 1,
        "gateway": {
            "listen": "127.0.0.1:0",
            "telemetry": "127.0.0.1:0",
            "access_log": "access.log",
            "workers": 1,
            "limits": [],
            # The machine of a test may stop for a while: that is no reason to shed.
            "overload": {"lag": "60s"},
        },
        "apis": [
            {
                "name": "wire",
                "contract": "wire.json",
                "upstream": upstream,
                "public": True,
                "max_body": "4MiB",
                "guards": {"contract": {"mode": "monitor"}, "injection": {"mode": "off"}},
            }
        ],
    }


@dataclass
class Stage:
    """A gateway's ports for HTTP/1 and HTTP/2, and the upstream behind it."""

    port: int
    http2: int
    upstream: Upstream
    gateway: Gateway | None = None
    patience: float = PATIENCE

    def play(self, case: Case) -> tuple[Talk, Heard]:
        """Send a case; return what the caller and the upstream saw."""
        self.upstream.forget()
        said = talk(self.port, case.sent, self.patience, case.more, case.ends)
        return said, self.upstream.heard()

    def play2(self, case: Case2) -> tuple[Talk2, Heard]:
        """Send a case of HTTP/2."""
        self.upstream.forget()
        said = talk2(self.http2, case.sent, self.patience, case.streams)
        return said, self.upstream.heard()


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Run the gateway until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wire.json").write_text(json.dumps(CONTRACT))
    with listening() as upstream:
        (folder / "yett.yaml").write_text(json.dumps(settings(f"http://127.0.0.1:{upstream.port}")))
        with running(folder) as gateway:
            yield Stage(gateway.port, gateway.port, upstream, gateway)
