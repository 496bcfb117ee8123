"""Everything a gateway needs, brought together from a configuration's path: what `check`, `run` and `explain` share."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from yett.access.checks import check_access
from yett.access.effective import Access
from yett.access.keys import pepper_id
from yett.access.policies import Rules
from yett.compile import OperationIndex, check_operations, check_proxies, compile_snapshot
from yett.config import Loaded, load_configuration
from yett.contract import Contract
from yett.errors import ConfigurationError
from yett.model.access import Credentials
from yett.model.configuration import Configuration, Unread
from yett.model.diagnostic import Diagnostic, first_of, has_errors, in_order
from yett.services.certificates import certificate_warnings
from yett.services.contracts import ContractShelf
from yett.services.costs import impossible_costs
from yett.services.credentials import resolve_credentials
from yett.services.gate_rules import gate_mistakes
from yett.services.identity import load_identity_keys
from yett.services.issuers import load_issuer_secrets
from yett.services.kept_keys import join_kept, read_kept
from yett.services.pepper import Pepper, holds_hashes, load_pepper
from yett.services.proofs import load_proof_secrets
from yett.services.token_apis import Door, own_issuer, subject_issuers, token_apis, token_contracts
from yett.services.tokens import load_tokens
from yett.store import KeptKey
from yett.tokens.settings import Settings as TokenSettings

DEFAULT_STORE: Final = ".yett/store.db"


@dataclass(frozen=True, slots=True)
class Assembly:
    """A configuration with its contracts and credentials, and every mistake in any of them.

    `files` is all that must be watched for a change. `draft` is what is left of the configuration without its mistakes,
    and `unread` what of it could not be read.
    """

    path: str
    configuration: Configuration
    contracts: Mapping[str, Contract]
    credentials: Credentials
    pepper: Pepper = field(repr=False)
    diagnostics: tuple[Diagnostic, ...]
    files: frozenset[str]
    identity_keys: tuple[str, ...] = field(default=(), repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    tokens: TokenSettings | None = field(default=None, repr=False)
    store: str = DEFAULT_STORE
    draft: Configuration | None = field(default=None, repr=False)
    unread: Unread = Unread()
    kept: tuple[KeptKey, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether there are no errors, warnings aside."""
        return not has_errors(self.diagnostics)

    def snapshot(self, door: Door | None = None) -> bytes:
        """The compiled snapshot, with the token endpoint where one stands behind `door`.

        Raises `ConfigurationError` when there are errors.
        """
        if not self.sound:
            raise ConfigurationError(self.diagnostics)
        configuration, contracts = self.configuration, self.contracts
        if self.tokens is not None and configuration.tokens is not None:
            issuer = own_issuer(configuration.tokens, self.tokens)
            others = subject_issuers(configuration.tokens)
            configuration = replace(configuration, issuers=(*configuration.issuers, issuer, *others))
        if door is not None and configuration.tokens is not None:
            configuration = replace(configuration, apis=(*configuration.apis, *token_apis(configuration.tokens, door)))
            contracts = {**contracts, **token_contracts()}
        return compile_snapshot(configuration, contracts, self.credentials)


def access_of(assembly: Assembly, rules: Rules | None = None) -> Access:
    """The effective access of a configuration, whose operations its contracts tell; without `rules`, by profiles."""
    resolve = OperationIndex(assembly.configuration, assembly.contracts).resolve
    return Access(assembly.configuration, resolve, rules)


def assemble(
    path: str,
    environment: Mapping[str, str],
    *,
    shelf: ContractShelf | None = None,
    create_pepper: bool = False,
    create_tokens_key: bool = False,
    need_secrets: bool = True,
) -> Assembly:
    """Read all that the configuration at `path` names. Never raises for what is written there.

    With `create_pepper` and `create_tokens_key`, those are made at their default paths where there are none yet: what a
    gateway does when it starts, and, for the key, also when an endpoint is added while it runs.

    Without `need_secrets`, a secret that is not there is only warned of, and its key left out: for whoever looks at a
    configuration without being trusted with its keys.
    """
    with _collection_paused():
        shelf = shelf or ContractShelf()
        assembly = _assemble(path, environment, shelf, create_pepper=create_pepper, create_tokens_key=create_tokens_key)
    if need_secrets:
        return assembly
    return replace(assembly, diagnostics=tuple(_softened(one) for one in assembly.diagnostics))


ABSENT_SECRETS: Final = frozenset({"secret-missing", "secret-empty", "pepper-missing"})
"""Codes of mistakes that are none of the configuration's: somebody else holds the secret."""


def _softened(diagnostic: Diagnostic) -> Diagnostic:
    return replace(diagnostic, severity="warning") if diagnostic.code in ABSENT_SECRETS else diagnostic


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Hold the search for garbage cycles: with the many values of a large configuration it costs more than all else."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _assemble(
    path: str, environment: Mapping[str, str], shelf: ContractShelf, *, create_pepper: bool, create_tokens_key: bool
) -> Assembly:
    loaded = load_configuration(path)
    configuration, draft = loaded.configuration, loaded.draft
    contracts = shelf.load(draft.apis)
    pepper = _pepper(loaded, environment, create=create_pepper)
    identity = load_identity_keys(configuration, loaded.home, environment, create=create_pepper)
    now = time.time()
    resolved = resolve_credentials(draft.apps, pepper.secret, environment, now=now)
    proofs = load_proof_secrets(draft.apps, environment)
    asked = load_issuer_secrets(draft.issuers, environment)
    tokens = load_tokens(draft, loaded.home, environment, pepper.secret, now=now, create=create_tokens_key)
    store = configuration.gateway.store or str(Path(loaded.home) / DEFAULT_STORE)
    kept, unread = read_kept(store)
    credentials = join_kept(resolved.credentials, kept, configuration, pepper_id(pepper.secret))
    resolve = OperationIndex(configuration, contracts.contracts).resolve
    found = [
        *unread,
        *_of_configuration(loaded),
        *contracts.diagnostics,
        *first_of(check_operations(draft, contracts.contracts, loaded.unread)),
        *first_of(check_proxies(draft, contracts.contracts)),
        *first_of(check_access(configuration, resolve, now=int(now))),
        *first_of(impossible_costs(configuration, contracts.contracts)),
        *first_of(certificate_warnings(configuration, now=now)),
        *pepper.diagnostics,
        *identity.diagnostics,
        *first_of(proofs.diagnostics),
        *first_of(asked.diagnostics),
        *first_of(tokens.diagnostics),
        *first_of(resolved.diagnostics),
    ]
    files = {
        *loaded.files,
        *contracts.files,
        *resolved.files,
        *identity.files,
        *proofs.files,
        *asked.files,
        *tokens.files,
    }
    if pepper.reference.kind == "file":
        files.add(pepper.reference.name)
    return Assembly(
        path=path,
        configuration=configuration,
        contracts=contracts.contracts,
        credentials=credentials,
        pepper=pepper,
        diagnostics=in_order(found),
        files=frozenset(files),
        identity_keys=identity.keys,
        secrets={**proofs.named, **asked.named},
        tokens=tokens.settings,
        draft=draft,
        unread=loaded.unread,
        store=store,
        kept=tuple(kept),
    )


def _of_configuration(loaded: Loaded) -> Iterator[Diagnostic]:
    yield from _told_once(loaded.diagnostics, loaded.draft)
    yield from first_of(gate_mistakes(loaded.draft.governance.gates))


def _told_once(diagnostics: Iterable[Diagnostic], draft: Configuration) -> Iterator[Diagnostic]:
    """Without files of the folder that cannot be read and turn out to be contracts: those are told as such."""
    contracts = {api.contract for api in draft.apis}
    return (one for one in diagnostics if one.code != "file-missing" or one.pointer or one.file not in contracts)


def _pepper(loaded: Loaded, environment: Mapping[str, str], *, create: bool) -> Pepper:
    needed = holds_hashes(loaded.configuration)
    return load_pepper(loaded.configuration.gateway, loaded.home, environment, create=create, needed=needed)
