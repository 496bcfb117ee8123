"""`yett key report`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, Config, Json

if TYPE_CHECKING:
    from yett.services.key_report import KeyReport, ReportedKey


def report(
    config: Config = DEFAULT_CONFIG,
    unused: Annotated[int, typer.Option(min=1, help="Days without use after which a key is `unused`.")] = 90,
    ageing: Annotated[int, typer.Option(min=1, help="Days after which a key is `ageing`.")] = 365,
    expiring: Annotated[int, typer.Option(min=1, help="Days before its end in which a key is `expiring`.")] = 30,
    everything: Annotated[bool, typer.Option("--all", help="Also the keys that nothing is to be said of.")] = False,
    as_json: Json = False,
) -> None:
    """Show which keys nobody uses, which have grown old, which end soon and which are blocked, by team and app."""
    import os

    from yett.cli.output import patience, show_json, told_errors
    from yett.services.key_report import Thresholds, report_keys

    with told_errors(as_json=as_json), patience("looking at the keys"):
        found = report_keys(config, os.environ, Thresholds(unused, ageing, expiring), everything=everything)
    if as_json:
        show_json({"total": found.total, "keys": [_document(one) for one in found.keys]})
    else:
        _show(found)


def _show(found: KeyReport) -> None:
    from yett.cli.output import count_of, visible

    for one in found.keys:
        remarks = ", ".join(one.remarks) or "in order"
        dates = f"made {_date(one.made_at)}, used {_date(one.used_at, 'never')}, ends {_date(one.expires_at, 'never')}"
        typer.echo(visible(f"{one.team}/{one.app}  {one.id}  {remarks}  ({dates})"))
    remarked = sum(bool(one.remarks) for one in found.keys)
    typer.echo(f"{count_of(found.total, 'key')}, {remarked:,} to look at")


def _document(key: ReportedKey) -> dict[str, object]:
    from dataclasses import asdict

    times = {name: _date(getattr(key, name), None) for name in ("made_at", "used_at", "expires_at")}
    return asdict(key) | {"remarks": list(key.remarks)} | times


def _date(second: int | None, absent: str | None = "unknown") -> str | None:
    from datetime import UTC, datetime

    return absent if second is None else datetime.fromtimestamp(second, UTC).isoformat()
