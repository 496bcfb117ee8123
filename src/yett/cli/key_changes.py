"""`yett key revoke`, `quarantine`, `release` and `rotate`."""

from __future__ import annotations

import re
from typing import Annotated, Final

import typer

from yett.cli.arguments import DEFAULT_CONFIG, Config, Json

_OVERLAP: Final = re.compile(r"([0-9]{1,9})([mhdw])")
_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

KeyId = Annotated[str, typer.Argument(metavar="KEY", help="Id of the key, as in the log; or the key itself.")]
Unknown = Annotated[
    bool, typer.Option("--unknown", help="Also an id that the configuration does not have: of another credential.")
]
Note = Annotated[str, typer.Option(help="Why, for whoever looks at it later.")]


def revoke(key: KeyId, config: Config = DEFAULT_CONFIG, note: Note = "", unknown: Unknown = False) -> None:
    """Refuse a key for good, whatever the configuration says: at once where a gateway runs, and after every start."""
    _block(key, config, "revoked", note, unknown=unknown)


def quarantine(key: KeyId, config: Config = DEFAULT_CONFIG, note: Note = "", unknown: Unknown = False) -> None:
    """Refuse a key that somebody else may have, until it is released."""
    _block(key, config, "leaked", note, unknown=unknown)


def _block(key: str, config: str, because: str, note: str, *, unknown: bool) -> None:
    import os

    from yett.cli.output import told_errors
    from yett.services.key_changes import block_key

    with told_errors():
        name = block_key(config, os.environ, key, because, note=note, unknown=unknown)
    word = "revoked" if because == "revoked" else "in quarantine"
    typer.echo(f"The key {name} is {word}: running gateways refuse it now.")


def release(
    key: Annotated[str, typer.Argument(metavar="ID", help="Id of the key.")], config: Config = DEFAULT_CONFIG
) -> None:
    """Accept a key again that was revoked or put in quarantine."""
    import os

    from yett.cli.output import told_errors
    from yett.services.key_changes import release_key

    with told_errors():
        release_key(config, os.environ, key)
    typer.echo(f"The key {key} is accepted again.")


def rotate(
    key: Annotated[str, typer.Argument(metavar="ID", help="Id of the key that is to be replaced.")],
    config: Config = DEFAULT_CONFIG,
    overlap: Annotated[str, typer.Option(help="How long the old key goes on: `30m`, `12h`, `7d`, `2w`.")] = "7d",
    as_json: Json = False,
) -> None:
    """Make a successor of a key: both are accepted for a while, then the old one is not.

    Running gateways know the successor at once. It is kept in the store; nothing need be written down.
    """
    import os
    from datetime import UTC, datetime

    from yett.cli.output import show_json, told_errors
    from yett.services.key_changes import rotate_key

    match = _OVERLAP.fullmatch(overlap)
    if match is None:
        raise typer.BadParameter("is a number with a unit: `30m`, `12h`, `7d`, `2w`", param_hint="--overlap")
    with told_errors(as_json=as_json):
        made = rotate_key(config, os.environ, key, overlap_s=int(match[1]) * _SECONDS[match[2]])
    ends = datetime.fromtimestamp(made.old_ends, UTC).isoformat()
    if as_json:
        show_json(
            {"key": made.text, "id": made.new.id, "prefix": made.new.prefix, "hash": made.new.hash, "line": made.line}
            | {"old": made.old, "old_ends": ends}
        )
        return
    typer.echo("The new key, shown this once; hand it to whoever runs the app:\n")
    typer.echo(f"  {made.text}\n")
    typer.echo(f"Its id is {made.new.id}. The old key {made.old} is accepted until {ends}.\n")
    typer.echo("Running gateways know it now, and the store keeps it. To have it in the configuration too:\n")
    typer.echo(f"  - {made.line}")
