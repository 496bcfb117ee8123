"""Upstreams of the snapshot: what differs from the snapshot's own defaults."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from yett.compile.fields import compact
from yett.model.upstream import Hash, Outlier

if TYPE_CHECKING:
    from yett.model.tls import UpstreamTls
    from yett.model.upstream import Target, Upstream


def compile_upstream(upstream: Upstream) -> dict[str, Any]:
    """`Upstream` of the snapshot."""
    return compact(
        targets=_targets(upstream.targets),
        versions=[
            compact(
                name=one.name,
                weight=one.weight,
                header=[{"name": name, "value": value} for name, value in one.header],
                targets=_targets(one.targets),
            )
            for one in upstream.versions
        ],
        balance=_balance(upstream),
        affinity=_settings(upstream.affinity),
        health=_settings(upstream.health),
        outlier=None if upstream.outlier == Outlier() else asdict(upstream.outlier),
        slow_start_ms=None if upstream.slow_start_ms == 10_000 else upstream.slow_start_ms,
        retries=_settings(upstream.retries),
        timeout_ms=upstream.timeout_ms,
        circuit=_settings(upstream.circuit),
        mirror=_settings(upstream.mirror),
        dns_refresh_ms=None if upstream.dns_refresh_ms == 10_000 else upstream.dns_refresh_ms,
        connect_timeout_ms=upstream.connect_timeout_ms,
        response_timeout_ms=upstream.response_timeout_ms,
        idle_timeout_ms=upstream.idle_timeout_ms,
        protocol=None if upstream.protocol == "http1" else upstream.protocol,
        preserve_host=upstream.preserve_host,
        ca_pem=upstream.ca_pem,
        tls=compile_upstream_tls(upstream.tls),
    )


def compile_upstream_tls(tls: UpstreamTls) -> dict[str, Any]:
    """`UpstreamTls` of the snapshot: the certificate, but only the path of its key."""
    own = {"certificate_pem": tls.certificate_pem, "key_file": tls.key_file} if tls.certificate_pem else None
    return compact(
        client_certificate=own,
        server_name=tls.server_name,
        min_version=None if tls.min_version == "1.2" else tls.min_version,
    )


def _targets(targets: tuple[Target, ...]) -> list[dict[str, Any]]:
    return [{"url": target.url, "weight": target.weight} for target in targets]


def _balance(upstream: Upstream) -> Any:
    match upstream.balance:
        case "round-robin":
            return None
        case Hash(kind=("address" | "app") as kind):
            return {"hash": kind}
        case Hash(kind=kind, name=name):
            return {"hash": {kind: name}}
        case word:
            return word


def _settings(settings: Any) -> dict[str, Any] | None:
    """The fields of a dataclass; tuples become lists, and what is absent is left out."""
    if settings is None:
        return None
    fields = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()}
    return {name: value for name, value in fields.items() if value is not None}
