"""Run a gateway in step with its files: a good edit is swapped in, a bad one is told and changes nothing."""

from __future__ import annotations

import hashlib
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields, replace
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, Final, Protocol

from yett.access.keys import mask_keys
from yett.errors import ConfigurationError, SnapshotRefusedError, StoreError, YettError
from yett.gateway import Applied, Bound, EmbeddedGateway, GatewayOptions, LoadedKeys
from yett.model.diagnostic import Diagnostic
from yett.model.stolen import Finding
from yett.services.assembly import Assembly, assemble
from yett.services.contracts import ContractShelf
from yett.services.key_desk import KeyDesk
from yett.services.listening import listen_options, redirect_options, tls_options
from yett.services.news import (
    KeysLoaded,
    News,
    Noticed,
    Refused,
    Reloaded,
    ReloadFailed,
    SoundAgain,
    Started,
    Stopped,
    Stopping,
)
from yett.services.patches import Patches
from yett.services.published import demand_published, watched_store
from yett.services.refusals import refused_places
from yett.services.token_desk import TokenDesk
from yett.services.watching import Watch

POLL_S: Final = 0.1
DEFAULT_GRACE_S: Final = 30.0
_STOP: Final = (signal.SIGTERM, signal.SIGINT)


class RunningGateway(Protocol):
    """What is run: the embedded gateway, or a stand-in in tests."""

    def start(self) -> Bound:
        """Bind and serve."""

    def apply(self, snapshot: bytes) -> Applied:
        """Swap a snapshot in."""

    def patch(self, patch: bytes) -> Applied:
        """Lay a numbered patch over the snapshot."""

    def renew_secrets(self, secrets: Mapping[str, str]) -> None:
        """Take other secrets, for the next snapshot."""

    def renew_tls(self, tls: Mapping[str, Any]) -> bool:
        """Read the files of the TLS settings again; whether anything differs."""

    def load_keys(self, path: str) -> LoadedKeys:
        """Load a file of keys."""

    def findings(self, most: int) -> Sequence[Finding]:
        """What was noticed and is news."""

    def used_keys(self, since: int, most: int) -> Sequence[tuple[str, int]]:
        """The credentials used since a Unix minute."""

    def key_set(self, issuer: str, kid: str | None, /) -> bytes | None:
        """The key set of an issuer as it was fetched."""

    def stop(self, grace_s: float) -> int:
        """Drain and end; returns how many requests were cut off."""


class Runner:
    """One gateway and the configuration it follows."""

    def __init__(
        self,
        path: str,
        environment: Mapping[str, str],
        tell: Callable[[News], None],
        make_gateway: Callable[[GatewayOptions], RunningGateway] = EmbeddedGateway,
    ) -> None:
        self._path, self._environment, self._tell_news, self._make_gateway = path, environment, tell, make_gateway
        self._shelf = ContractShelf()
        self._digest = ""
        self._told: frozenset[Diagnostic] = frozenset()
        self._moved: Watch | None = None
        self._refused = False

    def start(self) -> None:
        """Bring the gateway up.

        Raises `ConfigurationError` when the configuration has errors, and `GatewayError` when it cannot be served.
        """
        self._watch = Watch([self._path])
        assembly = assemble(
            self._path, self._environment, shelf=self._shelf, create_pepper=True, create_tokens_key=True
        )
        if not assembly.sound:
            raise ConfigurationError(assembly.diagnostics)
        demand_published(assembly)
        self._follow(assembly)
        self._options = _options(assembly)
        self._tls = assembly.configuration.gateway.tls
        self._secrets = assembly.secrets
        self._gateway = self._make_gateway(self._options)
        self._patches = Patches(self._gateway)
        self._desk = TokenDesk(assembly.store, self._patches, self._gateway)
        self._keys = KeyDesk(assembly.store, self._patches, self._gateway)
        try:
            # The plan, and what was revoked, are there before the first connection can be.
            self._keys.open()
            self._apply(assembly)
            self._keys.recall()
            loaded = self._load_keys(assembly)
            bound = self._gateway.start()
        except BaseException:
            self._desk.stop()
            self._keys.stop()
            raise
        operations = sum(len(contract.operations) for contract in assembly.contracts.values())
        apis = len(assembly.configuration.apis)
        self._tell(
            Started(bound, self._options.tls is not None, self._digest, apis, operations, self._untold(assembly))
        )
        if loaded is not None:
            self._tell(loaded)

    def keep_in_step(self) -> None:
        """From now on take up what happens to keys at once, whatever else goes on, until `stop`."""
        self._keys.start()

    def poll(self, *, force: bool = False) -> None:
        """Reload when files have changed and have come to rest since the last poll, or at once with `force`."""
        moved = self._moved
        self._tend()
        self._renew_keys(force=force)
        if force:
            # Whoever insists may know of a change that cannot be seen from outside.
            self._shelf = ContractShelf()
            self._reload(Watch(self._files))
        elif moved is not None and not moved.changed():
            self._reload(moved)
        elif moved is not None or self._watch.changed():
            # An editor may still be writing: look again at the next poll.
            self._moved = Watch(self._files)

    def stop(self, grace_s: float) -> None:
        """Drain and end."""
        self._tell(Stopping(grace_s))
        cut = self._gateway.stop(grace_s)
        # Last: requests in flight may be for it.
        self._desk.stop()
        self._keys.stop()
        self._tell_noticed()
        self._tell(Stopped(cut))

    def _tend(self) -> None:
        # What has lapsed is in nobody's way: it is swept the next time.
        with suppress(StoreError):
            self._desk.tend()
        self._tell_noticed()

    def _tell_noticed(self) -> None:
        for one in self._keys.told():
            self._tell(Noticed(one) if isinstance(one, Finding) else ReloadFailed(one))

    def _load_keys(self, assembly: Assembly) -> KeysLoaded | None:
        """Load the file of keys, if there is one, before anything of it is served. Raises `ConfigurationError`."""
        self._keys_file = assembly.configuration.gateway.keys_file
        self._keys_watch = Watch([] if self._keys_file is None else [self._keys_file])
        self._keys_moved: Watch | None = None
        if self._keys_file is None:
            return None
        began = time.monotonic()
        try:
            loaded = self._gateway.load_keys(self._keys_file)
        except SnapshotRefusedError as error:
            raise ConfigurationError([_in_line(one, self._keys_file) for one in error.diagnostics]) from None
        return KeysLoaded(self._keys_file, loaded.keys, loaded.strangers, time.monotonic() - began)

    def _renew_keys(self, *, force: bool) -> None:
        """Load the file of keys again when it has changed and come to rest. What is bad in it changes nothing."""
        if self._keys_file is None:
            return
        moved = self._keys_moved
        if not force and (moved is None or moved.changed()):
            changed = moved is not None or self._keys_watch.changed()
            self._keys_moved = Watch(self._keys_watch.files) if changed else None
            return
        try:
            if loaded := self._load_keys(self._assembly):
                self._tell(loaded)
        except ConfigurationError as error:
            self._tell(Refused(error.diagnostics))

    def _tell(self, news: News) -> None:
        # Whoever read the news may have left, or the disk they go to be full: callers are served all the same.
        with suppress(OSError, ValueError):
            self._tell_news(news)

    def _reload(self, watch: Watch) -> None:
        """Take in the files, which looked as `watch` says before they are read: no later change is missed."""
        self._watch, self._moved = watch, None
        began = time.monotonic()
        refused, self._refused = self._refused, True
        try:
            assembly = assemble(self._path, self._environment, shelf=self._shelf, create_tokens_key=True)
            self._follow(assembly)
            self._demand_published(assembly)
            renewed = assembly.sound and self._renew(assembly)
            changed = self._apply(assembly)
        except ConfigurationError as error:
            self._tell(Refused(error.diagnostics))
        except YettError as error:
            self._tell(ReloadFailed(str(error)))
        except Exception as error:
            self._tell(ReloadFailed(mask_keys(f"{type(error).__name__}: {error}")))
        else:
            self._refused = False
            waiting = self._waiting(assembly)
            if changed or waiting or renewed:
                took = time.monotonic() - began
                self._tell(Reloaded(self._digest, took, self._untold(assembly), waiting, renewed))
            elif refused:
                self._tell(SoundAgain(self._digest))

    def _demand_published(self, assembly: Assembly) -> None:
        # To publish changes no file of the configuration: until it is done, the store is looked at, too.
        self._files |= watched_store(assembly)
        self._watch.follow(self._files)
        demand_published(assembly)
        self._follow(assembly)

    def _waiting(self, assembly: Assembly) -> tuple[str, ...]:
        """The settings that wait for the next start: TLS only where it is turned on or off."""
        wanted = _options(assembly)
        waiting = changed_options(self._options, wanted)
        renewable = self._options.tls is not None and wanted.tls is not None
        return tuple(name for name in waiting if name != "secrets" and not (name == "tls" and renewable))

    def _renew(self, assembly: Assembly) -> bool:
        """Take up other TLS settings, or the same with other files; whether there are any."""
        tls, options = assembly.configuration.gateway.tls, _options(assembly)
        if tls == self._tls or options.tls is None or self._options.tls is None:
            return False
        renewed = self._gateway.renew_tls(options.tls)
        self._tls = tls
        return renewed

    def _follow(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._files = assembly.files
        self._watch.follow(assembly.files)

    def _untold(self, assembly: Assembly) -> tuple[Diagnostic, ...]:
        """The warnings that were not there before: a large contract must not repeat its own at every reload."""
        untold = tuple(one for one in assembly.diagnostics if one not in self._told)
        self._told = frozenset(assembly.diagnostics)
        return untold

    def _apply(self, assembly: Assembly) -> bool:
        """Swap in what was assembled; whether it differs from what serves."""
        tokens = assembly.tokens if assembly.sound else None
        if tokens is not None:
            self._desk.open(tokens)
        changed = self._apply_snapshot(assembly, assembly.snapshot(self._desk.door))
        # Only now: what is refused must change nothing.
        return (tokens is not None and self._desk.take_up(tokens)) or changed

    def _apply_snapshot(self, assembly: Assembly, snapshot: bytes) -> bool:
        renewed = assembly.secrets != self._secrets
        if hashlib.sha256(snapshot).hexdigest() == self._digest and not renewed:
            return False
        if renewed:
            self._gateway.renew_secrets(assembly.secrets)
        try:
            applied = self._gateway.apply(snapshot)
        except SnapshotRefusedError as error:
            raise ConfigurationError(refused_places(assembly, error.diagnostics)) from None
        self._digest, self._secrets = applied.digest, assembly.secrets
        self._patches.follow(applied)
        self._desk.recall()
        return True


def run_gateway(
    path: str,
    environment: Mapping[str, str],
    tell: Callable[[News], None],
    *,
    grace_s: float = DEFAULT_GRACE_S,
    make_gateway: Callable[[GatewayOptions], RunningGateway] = EmbeddedGateway,
) -> None:
    """Run the configuration at `path` until SIGTERM or SIGINT, then drain; SIGHUP reloads at once.

    Must be called from the main thread. Raises as `Runner.start`; once the gateway serves, nothing is raised.
    """
    with _signals() as wishes:
        runner = Runner(path, environment, tell, make_gateway)
        runner.start()
        runner.keep_in_step()
        while (wish := _next(wishes)) not in _STOP:
            runner.poll(force=wish == signal.SIGHUP)
        runner.stop(grace_s)


def _next(wishes: SimpleQueue[int]) -> int | None:
    """The next signal, or `None` where none comes before it is time to look at the files."""
    try:
        return wishes.get(timeout=POLL_S)
    except Empty:
        return None


@contextmanager
def _signals() -> Iterator[SimpleQueue[int]]:
    """The signals that arrive; afterwards the handlers are as before."""
    # The one queue that may be filled from a handler while its reader waits in the same thread.
    wishes: SimpleQueue[int] = SimpleQueue()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if number in _STOP:
            # The first asks politely; with the default handler back, a second ends the process at once.
            for one in _STOP:
                signal.signal(one, signal.SIG_DFL)
        wishes.put(number)

    before = {number: signal.signal(number, on_signal) for number in (*_STOP, signal.SIGHUP)}
    try:
        yield wishes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_line(mistake: Diagnostic, file: str) -> Diagnostic:
    """A mistake in a file of keys, where the line is."""
    number = mistake.pointer.removeprefix("/")
    return replace(mistake, file=file, line=int(number) if number.isdecimal() else 0, pointer="")


def _options(assembly: Assembly) -> GatewayOptions:
    settings = assembly.configuration.gateway
    return GatewayOptions(
        listen=listen_options(settings),
        pepper=assembly.pepper.secret,
        identity_keys=assembly.identity_keys,
        secrets=assembly.secrets,
        workers=settings.workers,
        telemetry=settings.telemetry,
        access_log=settings.access_log,
        tls=tls_options(settings.tls),
        redirect=redirect_options(settings),
        proxy_protocol_from=settings.proxy_protocol_from,
        clients=asdict(settings.clients),
        overload=asdict(settings.overload),
        cache_bytes=settings.cache_bytes,
    )


def changed_options(running: GatewayOptions, wanted: GatewayOptions) -> tuple[str, ...]:
    """The settings that differ: a running gateway cannot take them up."""
    return tuple(one.name for one in fields(running) if getattr(running, one.name) != getattr(wanted, one.name))
