"""Yett as a subject: the standalone gateway, with a snapshot that the compiler made from a generated configuration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import workload
from bench.identity import Identity
from bench.load import Call
from bench.subjects import Prepare, SubjectFailed, free_port
from bench.tools import Tools
from yett.access.keys import hash_key, new_key, parse_key, pepper_id
from yett.compile import compile_snapshot
from yett.model.access import Credential, Credentials
from yett.services.assembly import assemble


@dataclass(frozen=True)
class Prepared:
    """A snapshot with its pepper, the keys that open it, and the calls of each load."""

    snapshot: Path
    pepper: Path
    keys: list[str]
    calls: dict[str, list[Call]]

    def command(self, tools: Tools, identity: Identity | None = None) -> Prepare:
        """Return how the gateway is started on a port: one worker, access log and telemetry on, TLS by identity."""
        tls: list[str | Path] = (
            ["--tls-certificate", identity.certificate, "--tls-key", identity.key] if identity else []
        )

        def prepare(port: int, home: Path) -> Sequence[str | Path]:
            return [
                tools.gateway,
                self.snapshot,
                *("--listen", f"127.0.0.1:{port}", "--telemetry", f"127.0.0.1:{free_port()}"),
                *("--pepper-file", self.pepper, "--access-log", home / "access.log", "--workers", "1"),
                *tls,
            ]

        return prepare


def prepare_yett(home: Path, size: workload.Size, upstream: int) -> Prepared:
    """Generate a configuration of a size, compile it and make its keys. Raises `SubjectFailed`."""
    folder = home / f"size-{size.shops}-{size.resources}-{size.keys}"
    folder.mkdir()
    for shop in range(size.shops):
        (folder / f"shop-{shop}.json").write_text(json.dumps(workload.contract(shop, size.resources)))
    (folder / "yett.yaml").write_text(json.dumps(workload.configuration(size, upstream)))
    assembly = assemble(str(folder / "yett.yaml"), {}, create_pepper=True)
    if not assembly.sound:
        raise SubjectFailed(f"the generated configuration is refused: {assembly.diagnostics[:3]}")
    pepper = assembly.pepper.secret
    keys = [new_key("bench").text for _ in range(size.keys)]
    apps = [app.name for app in assembly.configuration.apps]
    credentials = tuple(_credential(key, apps[turn % len(apps)], pepper) for turn, key in enumerate(keys))
    snapshot = folder / "snapshot.json"
    issued = Credentials(credentials, pepper_id(pepper))
    snapshot.write_bytes(compile_snapshot(assembly.configuration, assembly.contracts, issued))
    calls = {
        "plain": workload.plain_calls(size),
        "guarded": workload.guarded_calls(size, keys),
        "64 KB": workload.page_calls(size),
    }
    return Prepared(snapshot, Path(assembly.pepper.reference.name), keys, calls)


def _credential(key: str, app: str, pepper: bytes) -> Credential:
    prefix = parse_key(key).prefix
    return Credential(f"{app}-{prefix[-8:]}", app, prefix, hash_key(key, pepper))
