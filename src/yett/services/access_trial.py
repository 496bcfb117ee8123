"""The authorization matrix, tried against a real gateway: every cell is asked with a real request.

Either a gateway is started for it, with throw-away keys in front of a throw-away upstream, or one that runs is asked
with the keys the configuration names; then no request is sent that could reach an upstream.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

from yett.access.keys import hash_key, new_key, new_pepper, pepper_id, read_pepper
from yett.access.principals import ANYONE, callers
from yett.compile import compile_snapshot
from yett.config import read_secret
from yett.errors import SecretError
from yett.gateway import EmbeddedGateway, GatewayOptions
from yett.model.access import App, Assignment, Credential, Credentials, Team
from yett.model.api import Api, Identify, KeyPlaces
from yett.model.place import Reference
from yett.model.proxy import Proxy
from yett.model.secret import SecretReference
from yett.model.upstream import Target, Upstream
from yett.services.asking import Asker

if TYPE_CHECKING:
    from yett.access.matrix import Cell, Matrix
    from yett.access.principals import Principal
    from yett.model.configuration import Configuration
    from yett.services.access import Scene

_REFUSED: Final = frozenset({"access-denied", "credential-missing", "policy-denied"})
"""Codes of the answers to who may not call."""
_TOO_EARLY: Final = frozenset(
    {"target-invalid", "api-unknown", "operation-unknown", "method-not-allowed", "overload-shed", "not-configured"}
)
"""Codes of answers that were given before access was looked at."""
_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
_TEAM: Final = "yett-trial"


@dataclass(frozen=True, slots=True)
class Unlike:
    """A cell whose real answer is not the computed one; `answer` is the status and the code."""

    principal: str
    operation: str
    computed: bool
    answer: str


@dataclass(slots=True)
class Trial:
    """How many cells were asked, which answers differ, and which cells could not be asked, each with the reason."""

    asked: int = 0
    unlike: list[Unlike] = field(default_factory=list)
    unasked: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str) -> None:
        """Count a cell that cannot be asked."""
        self.unasked[reason] = self.unasked.get(reason, 0) + 1


@dataclass(frozen=True, slots=True)
class _Place:
    """How an operation is reached, and where its API takes keys: a header, or `authorization`; `None` for nowhere."""

    method: str
    host: str
    target: str
    header: str | None
    stays_here: bool


def try_on_own_gateway(scene: Scene) -> Trial:
    """Start a gateway with this access, and ask it everything. Raises `GatewayError` where it cannot be started."""
    with _upstream() as upstream:
        pepper = read_pepper(new_pepper())
        keys = {str(one): new_key("trial").text for one in callers(scene.assembly.configuration)}
        configuration = _stage(scene.assembly.configuration, upstream)
        credentials = _credentials(scene.assembly.configuration, keys, pepper)
        gateway = EmbeddedGateway(GatewayOptions("127.0.0.1:0", pepper, workers=1, access_log=None))
        gateway.apply(compile_snapshot(configuration, scene.assembly.contracts, credentials))
        address = gateway.start().listen[0]
        try:
            staged = replace(scene, assembly=replace(scene.assembly, configuration=configuration))
            with Asker(f"http://{address}") as asker:
                return _ask_all(scene.matrix(), keys, _places(staged), asker, careful=False)
        finally:
            gateway.stop(0.0)


def try_on_running_gateway(
    scene: Scene, url: str, environment: Mapping[str, str], *, reach_upstream: bool = False
) -> Trial:
    """Ask the gateway at `url` everything that its keys in the environment allow to ask.

    Every request carries a query parameter that no contract has. Where the contract guard would not refuse that, the
    request could reach the upstream: it is only sent with `reach_upstream`. Raises `GatewayError` where nobody answers.
    """
    keys = dict(_written_keys(scene.assembly.configuration, environment))
    with Asker(url) as asker:
        return _ask_all(scene.matrix(), keys, _places(scene), asker, careful=not reach_upstream)


def _ask_all(
    matrix: Matrix, keys: Mapping[str, str], places: Mapping[str, _Place], asker: Asker, *, careful: bool
) -> Trial:
    trial = Trial()
    for (principal, operation), cell in matrix.cells.items():
        place = places[operation]
        if principal != ANYONE and principal not in keys:
            trial.skip("no key is known")
        elif principal != ANYONE and place.header is None:
            trial.skip("the API takes no keys")
        elif careful and not place.stays_here:
            trial.skip("the request could reach the upstream")
        else:
            _ask(trial, principal, operation, cell, _answer(asker, place, keys.get(principal)))
    return trial


def _ask(trial: Trial, principal: str, operation: str, cell: Cell, answer: tuple[int, str]) -> None:
    (status, code), computed = answer, cell.allowed
    if code == "policy-denied" and cell.conditions:
        trial.skip("a policy refuses it for what the request says")
        return
    if code == "rate-exceeded" and not computed:
        trial.skip("a limit was reached first")
        return
    trial.asked += 1
    allowed = code not in _REFUSED
    if allowed is not computed or code in _TOO_EARLY or code.startswith("credential-i"):
        trial.unlike.append(Unlike(principal, operation, computed, f"{status} {code}".strip()))


def _answer(asker: Asker, place: _Place, key: str | None) -> tuple[int, str]:
    headers = {"host": place.host} if place.host else {}
    if key is not None and place.header is not None:
        headers[place.header] = f"Bearer {key}" if place.header == "authorization" else key
    return asker.ask(place.method, place.target, headers)


def _places(scene: Scene) -> dict[str, _Place]:
    places = {}
    for api in scene.assembly.configuration.apis:
        guard = api.guards.contract
        stays = guard.mode == "enforce" and guard.unknown_query == "refuse"
        for one in scene.assembly.contracts[api.name].operations:
            path = api.base_path.rstrip("/") + _PARAMETER.sub("yett-trial", one.path)
            host = api.hosts[0] if api.hosts else ""
            name = f"{api.name}:{one.operation_id}"
            places[name] = _Place(one.method, host, f"{path}?yett-trial=1", _header(api), stays)
    return places


def _header(api: Api) -> str | None:
    places = api.identify.api_key
    if places is None:
        return None
    return places.header or ("authorization" if places.bearer else None)


def _written_keys(configuration: Configuration, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The keys that can be read, by principal: of an app, the first that carries all of its profiles."""
    for app in configuration.apps:
        for number, key in enumerate(app.keys, 1):
            if not isinstance(key.source, SecretReference):
                continue
            try:
                text = read_secret(key.source, environment)
            except SecretError:
                continue
            yield (f"app:{app.name}" if key.profiles is None else f"key:{app.name}/{key.id or number}"), text


def _stage(configuration: Configuration, upstream: str) -> Configuration:
    """The same access in front of another upstream, without limits, and with keys as the only proof."""
    users = [one for one in callers(configuration) if one.kind == "user"]
    apps = [replace(one, limits=(), keys=()) for one in configuration.apps]
    apps += [_stand_in(number, user) for number, user in enumerate(users)]
    return replace(
        configuration,
        gateway=replace(configuration.gateway, limits=(), identity=None, trusted_proxies=()),
        apis=tuple(_stage_api(one, upstream) for one in configuration.apis),
        collections=tuple(replace(one, limits=()) for one in configuration.collections),
        profiles=tuple(replace(one, limits=()) for one in configuration.profiles),
        teams=(*configuration.teams, Team(_TEAM)),
        apps=tuple(apps),
    )


def _stage_api(api: Api, upstream: str) -> Api:
    return replace(
        api,
        upstream=Upstream((Target(upstream),)),
        identify=Identify(public=api.identify.public, api_key=KeyPlaces(), anonymous=api.identify.anonymous),
        limits=(),
        operations=tuple(replace(one, limits=(), websocket=None, upstream_path=None) for one in api.operations),
        proxy=Proxy(),
    )


def _stand_in(number: int, user: Principal) -> App:
    """An app with what a user has: people have no keys."""
    held = tuple(Assignment(one.name, one.window) for one, _, _ in user.held)
    return App(_name_of(number), Reference(_TEAM), profiles=held)


def _name_of(number: int) -> str:
    return f"{_TEAM}-user-{number}"


def _credentials(configuration: Configuration, keys: Mapping[str, str], pepper: bytes) -> Credentials:
    """A credential for every principal; of a narrowed key, with the profiles it carries."""
    items: list[Credential] = []
    users = 0
    for number, one in enumerate(callers(configuration)):
        app = one.name.partition("/")[0]
        if one.kind == "user":
            app, users = _name_of(users), users + 1
        carried = tuple(dict.fromkeys(held.name for held, _, binds_only in one.held if not binds_only))
        text = keys[str(one)]
        profiles = carried if one.kind == "key" else None
        prefix = text.rpartition("_")[0][: len("yett_trial_") + 8]
        items.append(Credential(f"trial-{number}", app, prefix, hash_key(text, pepper), profiles=profiles))
    return Credentials(tuple(items), pepper_id(pepper))


class _Quiet(BaseHTTPRequestHandler):
    """Answers everything with nothing."""

    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        """Answer whatever the method is."""
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(204)
        self.end_headers()
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the base
        """Say nothing."""


@contextmanager
def _upstream() -> Iterator[str]:
    """An upstream that answers everything; its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def summary(trial: Trial) -> Sequence[str]:
    """The trial in sentences."""
    lines = [f"{trial.asked:,} cells were asked, {len(trial.unlike):,} were answered otherwise than computed"]
    return [*lines, *(f"{number:,} could not be asked: {reason}" for reason, number in trial.unasked.items())]
