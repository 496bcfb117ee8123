"""The command line, called in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from yett.cli import app
from yett.cli.output import screen


@dataclass(frozen=True)
class Shown:
    """What a command showed, and how it left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


def yett(*arguments: str, environment: dict[str, str] | None = None) -> Shown:
    """Call `yett` with `arguments`."""
    # A terminal is remembered: the one of an earlier call wrote into that call's streams.
    screen.cache_clear()
    result = CliRunner().invoke(app, arguments, env=environment, catch_exceptions=False)
    return Shown(result.exit_code, result.stdout, result.stderr)
