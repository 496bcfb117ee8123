"""Rules over configurations, a file each, which tells all about its rule. Nothing here reads a file or asks the world.

A new rule is a new file and one line below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yett.governance.rules import (
    answers_unchecked,
    app_unlimited,
    body_large,
    deprecated_granted,
    guard_monitor,
    guard_off,
    guessing_allowed,
    key_forever,
    key_in_query,
    listener_plain,
    mocked,
    owner_missing,
    password,
    patterns_unenforced,
    public_write,
    telemetry_open,
    token_long_lived,
    token_unbound,
    upstream_plain,
    wildcard_grant,
)

if TYPE_CHECKING:
    from yett.governance.settings import SettingsRule

SETTINGS_RULES: Final[tuple[SettingsRule, ...]] = (
    guard_monitor.RULE,
    guard_off.RULE,
    answers_unchecked.RULE,
    wildcard_grant.RULE,
    app_unlimited.RULE,
    key_forever.RULE,
    public_write.RULE,
    upstream_plain.RULE,
    listener_plain.RULE,
    telemetry_open.RULE,
    key_in_query.RULE,
    owner_missing.RULE,
    body_large.RULE,
    token_unbound.RULE,
    token_long_lived.RULE,
    password.RULE,
    guessing_allowed.RULE,
    patterns_unenforced.RULE,
    mocked.RULE,
    deprecated_granted.RULE,
)
