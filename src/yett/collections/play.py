"""Plays a collection: what each request becomes, and what its answer means. Sockets, files and clocks are elsewhere."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from yett.collections.model import AUTH_KINDS, Auth, Body, Collection, Environment, Pair, Step
from yett.collections.texts import UnresolvedError, filled
from yett.collections.verdicts import Answer, Checked, extracted, judge
from yett.errors import SecretError
from yett.model.secret import SecretReference

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEPT_IN_URLS: Final = "%:/?[]@!$&'()*+,;=~-._"
_BREAKS: Final = re.compile(r"[\r\n\x00]")
_STRAY: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TOO_LONG: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request, ready to be sent."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)


class CannotSendError(Exception):
    """A request cannot be made; the message says why, and holds no secret."""


@dataclass(frozen=True, slots=True)
class World:
    """What a run asks of the world: secrets, files, values such as `$guid`, and whether an answer fits its contract."""

    secret: Callable[[SecretReference], str]
    file: Callable[[str], bytes]
    dynamic: Callable[[str], str | None]
    contract: Callable[[Step, Answer], str | None]


class Player:
    """One pass through a collection. What is extracted from an answer is there for the requests after it."""

    def __init__(
        self,
        collection: Collection,
        world: World,
        *,
        environment: Environment | None = None,
        row: Mapping[str, str] | None = None,
        given: Mapping[str, str] | None = None,
    ) -> None:
        """Start. `row` is one of the data file's; `given` wins over everything but it and what is extracted."""
        self._collection, self._world = collection, world
        self._extracted: dict[str, str] = {}
        self._row, self._given = dict(row or {}), dict(given or {})
        self._environment = environment
        self._secrets: dict[str, str] = {}

    @property
    def secrets(self) -> Mapping[str, str]:
        """The secrets that were used: by their text, what they are called in the environment."""
        return self._secrets

    def prepare(self, step: Step) -> Outgoing:
        """The request as it is sent. Raises `CannotSendError`."""
        try:
            return self._prepare(step)
        except UnresolvedError as error:
            hint = "" if "leads back" in str(error) else ": set it with --var, an environment or a data file"
            raise CannotSendError(f"{error}{hint}") from None
        except SecretError as error:
            raise CannotSendError(str(error)) from None

    def judge(self, step: Step, answer: Answer) -> tuple[Checked, ...]:
        """Judge an answer, and take from it what later requests need."""
        checked = [judge(one, answer, lambda seen: self._world.contract(step, seen)) for one in step.request.assertions]
        for one in step.request.extractions:
            value = extracted(one, answer)
            if value is None:
                where = one.at or one.source
                checked.append(
                    Checked(f"{where} is there, for the variable {one.variable}", held=False, seen="nothing")
                )
            else:
                self._extracted[one.variable] = value
        return tuple(checked)

    def _value(self, step: Step, name: str) -> str | None:
        for held in (self._extracted, self._row, self._given):
            if name in held:
                return held[name]
        if name.startswith("$"):
            return self._world.dynamic(name)
        layers = [self._environment.variables] if self._environment else []
        layers += [one.variables for one in reversed(step.folders)]
        for variables in [*layers, self._collection.variables]:
            for one in reversed(variables):
                if one.name == name and one.enabled:
                    return self._secret(one.value) if isinstance(one.value, SecretReference) else one.value
        return None

    def _secret(self, reference: SecretReference) -> str:
        text = self._world.secret(reference)
        self._secrets.setdefault(text, reference.name if reference.kind == "env" else "SECRET")
        return text

    def _prepare(self, step: Step) -> Outgoing:
        request = step.request

        def fill(text: str) -> str:
            return filled(text, lambda name: self._value(step, name))

        headers = _headers(self._sharing(step), fill)
        auth = _auth_of(step, self._collection)
        query = [(fill(one.name), fill(one.value)) for one in request.query if one.enabled]
        proof, in_query = _proof(auth, fill)
        body, media = self._body(request.body, fill)
        if media and not any(name == "content-type" for name, _ in headers):
            headers.append(("content-type", media))
        headers += [one for one in proof if not any(name == one[0] for name, _ in headers)]
        url = _address(_with_path(request.url, request.path, fill), [*query, *in_query])
        return Outgoing(request.method, url, tuple(headers), body)

    def _sharing(self, step: Step) -> list[Pair]:
        """The headers of a request; one of its own wins over one of a folder."""
        held: dict[str, list[Pair]] = {}
        for pairs in (self._collection.headers, *(one.headers for one in step.folders), step.request.headers):
            enabled = [one for one in pairs if one.enabled]
            for name in {one.name.lower() for one in enabled}:
                held[name] = [one for one in enabled if one.name.lower() == name]
        return [one for pairs in held.values() for one in pairs]

    def _body(self, body: Body | None, fill: Callable[[str], str]) -> tuple[bytes | None, str]:
        if body is None:
            return None, ""
        if body.kind == "form":
            fields = [(fill(one.name), fill(one.value)) for one in body.fields if one.enabled]
            return urlencode(fields).encode(), body.media or "application/x-www-form-urlencoded"
        if body.kind == "multipart":
            return self._multipart(body, fill)
        if body.kind == "graphql":
            return _graphql(fill(body.text), fill(body.variables)), body.media or "application/json"
        if body.kind == "file":
            return self._world.file(fill(body.file)), body.media or "application/octet-stream"
        return fill(body.text).encode(), body.media or "text/plain; charset=utf-8"

    def _multipart(self, body: Body, fill: Callable[[str], str]) -> tuple[bytes, str]:
        parts: list[tuple[str, bytes]] = []
        for one in body.parts:
            if not one.enabled:
                continue
            name = f'content-disposition: form-data; name="{_quoted(fill(one.name))}"'
            data = self._world.file(fill(one.file)) if one.file else fill(one.value).encode()
            if one.file:
                name += f'; filename="{_quoted(one.file.replace(chr(92), "/").rpartition("/")[2])}"'
            media = _BREAKS.sub("", fill(one.media))
            parts.append((name + (f"\r\ncontent-type: {media}" if media else ""), data))
        if sum(len(data) for _, data in parts) > _TOO_LONG:
            raise CannotSendError(f"the body would be longer than {_TOO_LONG:,} bytes")
        boundary = hashlib.sha256(b"".join(data for _, data in parts)).hexdigest()[:32]
        lines = [b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary.encode(), head.encode(), data) for head, data in parts]
        return b"".join([*lines, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _headers(pairs: Iterable[Pair], fill: Callable[[str], str]) -> list[tuple[str, str]]:
    found = []
    for one in pairs:
        name, value = fill(one.name).lower(), fill(one.value)
        if not _NAME.fullmatch(name) or _BREAKS.search(value):
            raise CannotSendError(f"the header {name[:60]!r} cannot be sent: it holds what no header can")
        found.append((name, value.strip()))
    return found


def _auth_of(step: Step, collection: Collection) -> Auth | None:
    held = [step.request.auth, *(one.auth for one in reversed(step.folders)), collection.auth]
    return next((one for one in held if one is not None), None)


def _proof(auth: Auth | None, fill: Callable[[str], str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The headers, and the parameters of the query, that a proof is sent as."""
    if auth is None or auth.kind == "none":
        return [], []
    if auth.kind not in AUTH_KINDS:
        raise CannotSendError(f"no run can give a proof of the kind {auth.kind[:40]!r}: send a header of your own")
    if auth.kind == "api-key":
        pair = Pair(auth.get("name"), auth.get("value"))
        if auth.get("in") == "query":
            return [], [(fill(pair.name), fill(pair.value))]
        return _headers([pair], fill), []
    if auth.kind == "bearer":
        return _headers([Pair("authorization", f"Bearer {auth.get('token')}")], fill), []
    import base64

    plain = f"{fill(auth.get('username'))}:{fill(auth.get('password'))}"
    return [("authorization", "Basic " + base64.b64encode(plain.encode()).decode())], []


def _graphql(query: str, variables: str) -> bytes:
    try:
        held = json.loads(variables) if variables.strip() else {}
    except (ValueError, RecursionError):
        raise CannotSendError("the variables of the GraphQL query are no JSON") from None
    return json.dumps({"query": query, "variables": held}).encode()


def _with_path(url: str, path: Iterable[Pair], fill: Callable[[str], str]) -> str:
    """The address with the value in place of each `:name` of the path: one segment, whatever is in it."""
    values = {one.name: one.value for one in path if one.enabled}
    if not values:
        return fill(url)
    first, *rest = url.split("/")
    segments = (
        quote(fill(values[one[1:]]), safe="") if one.startswith(":") and one[1:] in values else fill(one)
        for one in rest
    )
    return "/".join([fill(first), *segments])


def _address(url: str, query: list[tuple[str, str]]) -> str:
    if not url.lower().startswith(("http://", "https://")):
        raise CannotSendError(f"{url[:80]!r} is no address with http or https")
    url = quote(_STRAY.sub("%25", url.partition("#")[0]), safe=_KEPT_IN_URLS)
    sent = "&".join(f"{_written(name)}={_written(value)}" for name, value in query)
    return f"{url}{'&' if '?' in url else '?'}{sent}" if sent else url


def _written(text: str) -> str:
    """A part of a query as it stands, with what cannot stand there percent-encoded."""
    return quote(_STRAY.sub("%25", text), safe="%!$'()*,;:@/?-._~")


def _quoted(text: str) -> str:
    return _BREAKS.sub("", text).replace("\\", "\\\\").replace('"', "%22")
