"""Callouts: who outside has a say whether a request may pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.place import NOWHERE, Place
from yett.model.remote import Remote

OnFailure = Literal["refuse", "allow"]
"""What happens to a request that a callout says nothing about."""


@dataclass(frozen=True, slots=True)
class Callout:
    """One who is asked; `headers` are the fields he may set on the request to the upstream.

    `send_headers` are told, `send_body` is the most bytes of a body that is told (`None`: no body is), and
    `cache_ms` how long his answer holds for the same question (`None`: not at all).
    """

    name: str
    remote: Remote
    cache_ms: int | None = None
    on_failure: OnFailure = "refuse"
    send_headers: tuple[str, ...] = ()
    send_body: int | None = None
    send_address: bool = True
    headers: tuple[str, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)
