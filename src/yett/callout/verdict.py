"""What a callout says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass; made by `allow` and `deny`."""

    allowed: bool
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The form in which the gateway is answered."""
        if not self.allowed:
            return {"allow": False, "reason": self.reason}
        return {"allow": True, "headers": dict(self.headers), "context": dict(self.context)}


def allow(headers: Mapping[str, str] | None = None, context: Mapping[str, Any] | None = None) -> Verdict:
    """The request may pass.

    `headers` are put on it for the upstream, those that the configuration gives to this callout; `context`, of at most
    4 KiB as JSON, is told to the callouts after it.
    """
    return Verdict(True, headers=dict(headers or {}), context=dict(context or {}))


def deny(reason: str) -> Verdict:
    """The request may not pass. The reason, of up to 200 characters, is for the gateway's log and not for callers."""
    return Verdict(False, reason)
