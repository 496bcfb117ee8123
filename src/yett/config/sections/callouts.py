"""`callouts`: who outside has a say whether a request may pass."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

from yett.config.sections.base import At, Shape
from yett.config.sections.exposure import FieldName
from yett.config.sections.remotes import RemoteShape, RemoteUrl, build_remote
from yett.config.sections.scalars import Duration, Name, Size
from yett.model.callout import Callout, OnFailure

_MOST_BODY: Final = 10 << 20
_LONGEST_MS: Final = 3_600_000
_CREDENTIALS: Final = frozenset(("authorization", "proxy-authorization"))


class CalloutSendShape(Shape):
    """What a callout is told besides who calls what."""

    headers: Annotated[list[FieldName], Field(max_length=64)] = Field(default_factory=list)
    """Header fields of the request; a credential of the caller is never told."""
    body: Annotated[
        Annotated[Literal[False], Tag("<off>")] | Annotated[Size, Tag("<size>")],
        Discriminator(lambda value: "<off>" if isinstance(value, bool) else "<size>"),
    ] = False  # fmt: skip
    """Largest body that is told, or `false` for none. A request with a larger body is refused."""
    address: bool = True
    """Whether the caller's address is told; without it, what was said holds for the same caller elsewhere, too."""


class CalloutShape(RemoteShape):
    """Somebody outside who has a say: he is asked by HTTP, and a request goes on only if he allows it."""

    name: Name
    """Name of the callout."""
    url: RemoteUrl
    """Where he is asked, by `POST`."""
    timeout: Duration = 1_000
    """Time from the question to the last byte of the answer; at most 60s."""
    cache: Duration | None = None
    """How long what he said holds for requests of which he would be told the same; absent means not at all."""
    on_failure: OnFailure = "refuse"
    """What happens to a request that he says nothing about, or nothing that can be understood."""
    send: CalloutSendShape = CalloutSendShape()
    """What he is told besides who calls what."""
    headers: Annotated[list[FieldName], Field(max_length=64)] = Field(default_factory=list)
    """Header fields that he may set on the request to the upstream; the caller's own are taken off."""


def build_callout(shape: CalloutShape, at: At) -> Callout:
    """The callout that stands at `at`."""
    for index, name in enumerate(shape.send.headers):
        if name in _CREDENTIALS:
            hint = "the callout is told who calls as `principal`"
            (at / "send" / "headers" / index).report("header-secret", f"`{name}` would give credentials away", hint)
    if shape.send.body is not False and shape.send.body > _MOST_BODY:
        (at / "send" / "body").report("size-invalid", "at most `10MiB` of a body are told", "write `64KiB`")
    if shape.cache is not None and shape.cache > _LONGEST_MS:
        (at / "cache").report("duration-invalid", "what a callout said holds for at most `1h`", "write `30s`")
    return Callout(
        name=shape.name,
        remote=build_remote(shape.url, shape, at),
        cache_ms=shape.cache,
        on_failure=shape.on_failure,
        send_headers=tuple(dict.fromkeys(shape.send.headers)),
        send_body=None if shape.send.body is False else shape.send.body,
        send_address=shape.send.address,
        headers=tuple(dict.fromkeys(shape.headers)),
        place=at.place,
    )
