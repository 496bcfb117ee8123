"""Credentials that may be guessed without end."""

from __future__ import annotations

from collections.abc import Iterator

from yett.governance.settings import Remark, Settings, SettingsRule


def _look(settings: Settings) -> Iterator[Remark]:
    if settings.configuration.gateway.failures.mode != "enforce":
        yield Remark(settings.configuration.gateway.place, "nothing slows down whoever guesses credentials")


RULE = SettingsRule(
    id="settings-guessing-allowed",
    severity="error",
    title="Credentials may be guessed without end",
    why="Without growing delays, a list of leaked passwords is tried in minutes.",
    fix="take `failures.mode` away, or set it to enforce",
    good="""\
gateway: {failures: {mode: enforce}}
""",
    bad="""\
gateway: {failures: {mode: off}}
""",
    look=_look,
)
