"""A function as an ASGI application (ASGI 3.0) that answers the gateway."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from yett.callout.question import Request, read_request
from yett.callout.verdict import Verdict

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Judge = Callable[[Request], Awaitable[Verdict]]

# A body of 10 MiB, the most that a gateway tells, as base64, and what is told besides.
_MOST_BYTES: Final = 16 << 20
_LOG: Final = logging.getLogger("yett.callout")


def callout(judge: Judge) -> CalloutApp:
    """Turn an async function from `Request` to `Verdict` into an ASGI application."""
    return CalloutApp(judge)


class CalloutApp:
    """An ASGI application that asks a function about each request.

    What the function raises becomes status 500, of which the gateway makes what `on_failure` says. Call `judge` to try
    the function by itself.
    """

    def __init__(self, judge: Judge) -> None:
        """Take the function."""
        self.judge = judge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        match scope["type"]:
            case "http":
                status, content = await self._answer(scope, receive)
                await _respond(send, status, content)
            case "lifespan":
                await _live(receive, send)
            case kind:
                raise NotImplementedError(f"a callout speaks HTTP, not {kind}")

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, dict[str, Any]]:
        if scope["method"] != "POST":
            return 405, {"detail": "a callout is asked by POST"}
        message = await _read(receive)
        if message is None:
            return 413, {"detail": "the question is too long"}
        try:
            request = read_request(message)
        except ValueError:
            return 400, {"detail": "this is no question of a gateway"}
        try:
            return 200, (await self.judge(request)).as_json()
        except Exception:
            _LOG.exception("no verdict on decision %s", request.decision)
            return 500, {"detail": "no verdict"}


async def _read(receive: Receive) -> bytes | None:
    """The body, or `None` where it is too long or the gateway left."""
    parts: list[bytes] = []
    length = 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        parts.append(event.get("body", b""))
        length += len(parts[-1])
        if length > _MOST_BYTES:
            return None
        if not event.get("more_body", False):
            return b"".join(parts)


async def _respond(send: Send, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode("utf-8")
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode("ascii"))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    """Begin and end with the server: there is nothing to set up."""
    while (event := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{event['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})
