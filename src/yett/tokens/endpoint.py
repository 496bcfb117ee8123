"""The endpoint as a small ASGI application: requests in, answers out, the work done in threads of its own."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from yett.errors import YettError
from yett.tokens.binding import Place, read_proven
from yett.tokens.clients import Claim, prove, read_claim
from yett.tokens.delays import Delays
from yett.tokens.faults import Fault, unavailable
from yett.tokens.forms import MAX_BODY_BYTES, Form, read_form
from yett.tokens.issue import Grant, grant
from yett.tokens.metadata import metadata
from yett.tokens.settings import Client, Ports, Settings
from yett.tokens.tokens import introspect, revoke

DOOR_HEADER: Final = "x-token-door"
"""Carries the word that only the gateway knows: whoever else reaches the loopback port is turned away."""
CALLER_HEADER: Final = "x-token-caller"
"""Carries the caller's address, as the gateway found it."""
METADATA_PATH: Final = "/metadata"
_THREADS: Final = 8
_JWKS_AGE_S: Final = 300

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the gateway passes it on; names of header fields are in lower case."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header field."""
        return tuple(value for other, value in self.headers if other == name)

    def get(self, name: str) -> str | None:
        """The value of a header field that is there once; `None` for none. Raises `Fault` for several."""
        found = self.all(name)
        if len(found) > 1:
            raise Fault("invalid_request", "a header field is given more than once")
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: JSON, or nothing."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_bytes(self) -> bytes:
        """The body."""
        return b"" if self.body is None else json.dumps(self.body, separators=(",", ":")).encode("utf-8")


class Endpoint:
    """Answers requests with the settings in force. `door` is the word that the gateway says with each."""

    def __init__(
        self,
        settings: Settings,
        ports: Ports,
        door: str,
        *,
        clock: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._ports, self._door = settings, ports, door
        self._clock, self._stopwatch = clock, stopwatch
        self._delays = Delays()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="yett-tokens")

    def take_up(self, settings: Settings) -> None:
        """Swap the settings; requests that are being answered keep theirs."""
        self._settings = settings

    def close(self) -> None:
        """Let the threads go once they have answered."""
        self._threads.shutdown()

    def answer(self, request: Request) -> Answer:
        """The answer to a request. Never raises."""
        try:
            return self._route(request)
        except Fault as fault:
            return _refusal(fault)
        except YettError:
            return _refusal(unavailable())

    def _route(self, request: Request) -> Answer:
        settings = self._settings
        if not hmac.compare_digest(request.get(DOOR_HEADER) or "", self._door):
            return Answer(404)
        match request.method, request.path.rstrip("/"):
            case "GET", "/jwks":
                return Answer(200, settings.ring.key_set(), {"cache-control": f"public, max-age={_JWKS_AGE_S}"})
            case "GET", "/metadata":
                return Answer(200, metadata(settings), {"cache-control": f"public, max-age={_JWKS_AGE_S}"})
            case "POST", "/token":
                return self._token(request, settings)
            case "POST", "/revoke":
                form, client = self._authenticated(request, settings)
                revoke(form, client, settings, self._ports.revoker, self._clock())
                return Answer(200)
            case "POST", "/introspect":
                form, client = self._authenticated(request, settings)
                return Answer(200, introspect(form, client, settings, self._ports.memory, self._clock()))
            case _:
                return Answer(404)

    def _token(self, request: Request, settings: Settings) -> Answer:
        form, client = self._authenticated(request, settings)
        memory, now = self._ports.memory, self._clock()
        place = Place(settings.token_url, settings.pepper if settings.dpop_nonce else None)
        proven = read_proven(request.all("dpop"), request.get("client-cert"), place, memory, now)
        # With each answer the nonce for the next request: it need not be refused to learn it (RFC 9449 section 8.2).
        nonce = place.nonce(now)
        headers = {"dpop-nonce": nonce} if nonce is not None and "jkt" in proven else {}
        return Answer(200, grant(Grant(form, client, proven, settings, self._ports, now)), headers)

    def _authenticated(self, request: Request, settings: Settings) -> tuple[Form, Client]:
        """The form, and the client that has proven itself; failures make the next try wait."""
        source = request.get(CALLER_HEADER) or ""
        form = read_form(request.body, request.get("content-type") or "")
        try:
            claim = read_claim(form, request.get("authorization"))
        except Fault as fault:
            if fault.error == "invalid_client":
                self._check_wait("", source)
                self._delays.failed(None, source, self._stopwatch())
            raise
        self._check_wait(claim.client_id, source)
        return form, self._proven(claim, source, settings)

    def _proven(self, claim: Claim, source: str, settings: Settings) -> Client:
        try:
            client = prove(claim, settings, self._ports.memory, self._clock())
        except Fault:
            # Names that nobody has are not counted: inventing them must not push out those that matter.
            known = claim.client_id if claim.client_id in settings.clients else None
            self._delays.failed(known, source, self._stopwatch())
            raise
        self._delays.proven(client.id, source)
        return client

    def _check_wait(self, client: str, source: str) -> None:
        wait = self._delays.wait(client, source, self._stopwatch())
        if wait > 0:
            headers = {"retry-after": str(int(wait) + 1)}
            raise Fault("slow_down", "too many failures: try again later", 429, headers)

    async def __call__(self, scope: Mapping[str, Any], receive: _Receive, send: _Send) -> None:
        """Answer one HTTP request (ASGI)."""
        if scope["type"] != "http":
            return
        body = await _read(receive)
        if body is None:
            answer = Answer(413, {"error": "invalid_request", "error_description": "the request is too large"})
        else:
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
            request = Request(scope["method"], scope["path"], headers, body)
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, self.answer, request)
        await _send(answer, send)


def _refusal(fault: Fault) -> Answer:
    return Answer(fault.status, {"error": fault.error, "error_description": fault.description}, fault.headers)


async def _read(receive: _Receive) -> bytes | None:
    """The body of a request; `None` where there is too much of it."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _send(answer: Answer, send: _Send) -> None:
    body = answer.as_bytes()
    fields = {"content-length": str(len(body)), "cache-control": "no-store", **answer.headers}
    if answer.body is not None:
        fields["content-type"] = "application/json"
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
