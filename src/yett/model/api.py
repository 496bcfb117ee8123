"""APIs: what is offered to callers, where it is exposed and what protects it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yett.model.content import Content
from yett.model.cross_site import CorsGuard, CsrfGuard
from yett.model.data import LeaksGuard, MaskGuard
from yett.model.limit import Limit
from yett.model.mode import Mode
from yett.model.place import NOWHERE, Place, Reference
from yett.model.proofs import MessageSignature, Webhook
from yett.model.proxy import Proxy
from yett.model.structure import GraphQl, StructureGuard
from yett.model.upstream import Upstream
from yett.model.version import Retirement, Version

Unknown = Literal["refuse", "allow"]
"""What is done with something the contract does not name."""

UnknownProperties = Literal["contract", "refuse", "strip"]
"""What is done with properties of requests that no schema names: as the schemas say, refuse them, or take them out."""

Unwanted = Literal["refuse", "strip"]
"""What is done with `readOnly` properties of requests."""

Surplus = Literal["keep", "monitor", "drop"]
"""What is done with properties of answers that no schema names, or that are `writeOnly`."""

Level = Literal["relaxed", "standard", "strict"]
"""How much the injection guard takes for an attack."""

ValuePlace = Literal["path", "query", "header", "cookie", "body"]
"""Where a value travels."""

Family = Literal[
    "command",
    "deserialization",
    "graphql",
    "header",
    "ldap",
    "log4shell",
    "nosql",
    "path-traversal",
    "prototype",
    "sqli",
    "ssrf",
    "ssti",
    "xpath",
    "xss",
    "xxe",
]
"""A family of signatures of the injection guard: the folders of `signatures/`."""

Patterns = Literal["refuse", "unenforced"]
Priority = Literal["low", "normal", "critical"]
"""What a regular expression that cannot run in linear time is: a mistake, or left out and said aloud."""

DEFAULT_MAX_BODY_BYTES = 1 << 20


MethodName = Literal["api-key", "jwt", "certificate", "signature", "webhook", "basic", "introspection"]
"""A way to prove oneself."""

Combine = Literal["one", "first", "agree", "all"]
"""What happens when several methods find a credential."""


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """Where an API key may be sent. Never in the query string unless its parameter is named."""

    header: str | None = "x-api-key"
    bearer: bool = True
    query: str | None = None


@dataclass(frozen=True, slots=True)
class TokenPlaces:
    """The tokens that an API accepts: of `issuers`, `None` meaning all of them.

    With `dpop_nonce` a proof of possession must hold a nonce that the gateway gave out.
    """

    issuers: tuple[Reference, ...] | None = None
    dpop_nonce: bool = False


@dataclass(frozen=True, slots=True)
class Identify:
    """How callers prove themselves. `public` lets them pass without a credential; one that is sent is still checked.

    `anonymous` are the profiles of those who send none. Streams end with the token they were opened with unless they
    outlive tokens.
    """

    public: bool = False
    api_key: KeyPlaces | None = KeyPlaces()
    order: tuple[MethodName, ...] = ()
    combine: Combine = "one"
    certificate: bool = False
    signature: MessageSignature | None = None
    webhook: Webhook | None = None
    basic: bool = False
    anonymous: tuple[Reference, ...] | None = None
    jwt: TokenPlaces | None = None
    introspection: Reference | None = None
    streams_outlive_tokens: bool = False

    @property
    def methods(self) -> tuple[MethodName, ...]:
        """The methods in the order in which they are asked."""
        return self.order or (("api-key",) if self.api_key else ())


@dataclass(frozen=True, slots=True)
class ContractGuard:
    """Refuses what the contract does not describe. Sizes in bytes; `max_depth` is the nesting of a JSON body."""

    mode: Mode = "enforce"
    responses: Mode = "monitor"
    unknown_query: Unknown = "refuse"
    max_response_bytes: int = 1 << 20
    max_depth: int = 64
    unknown_properties: UnknownProperties = "contract"
    read_only: Unwanted = "refuse"
    response_unknown: Surplus = "keep"


@dataclass(frozen=True, slots=True)
class InjectionException:
    """Families and signatures that do not count where they stand: `None` means any operation, place or name.

    `name` is that of the parameter, or a JSON pointer in a body with `*` for each number of an array.
    """

    operation: str | None = None
    location: ValuePlace | None = None
    name: str | None = None
    families: tuple[Family, ...] = ()
    signatures: tuple[str, ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class InjectionGuard:
    """Refuses values that look like attacks on what reads them."""

    mode: Mode = "enforce"
    level: Level = "standard"
    exceptions: tuple[InjectionException, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitsGuard:
    """Applies rates, quotas and concurrency limits."""

    mode: Mode = "enforce"


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """Settings of every guard of an API, one field a guard."""

    contract: ContractGuard = ContractGuard()
    injection: InjectionGuard = InjectionGuard()
    limits: LimitsGuard = LimitsGuard()
    mask: MaskGuard = MaskGuard()
    leaks: LeaksGuard = LeaksGuard()
    cors: CorsGuard = CorsGuard()
    csrf: CsrfGuard | None = None
    structure: StructureGuard = StructureGuard()


@dataclass(frozen=True, slots=True)
class WebSocket:
    """Who may open an operation's WebSocket: pages of its own host, of `origins`, and whatever is no browser."""

    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OperationSettings:
    """What one operation does differently; `None` means as the API, or the contract, says.

    `idle_timeout_ms` is for long streams; without a `websocket` no request is upgraded.
    """

    operation_id: str
    public: bool | None = None
    cost: int | None = None
    max_body_bytes: int | None = None
    idle_timeout_ms: int | None = None
    websocket: WebSocket | None = None
    graphql: GraphQl | None = None
    limits: tuple[Limit, ...] = ()
    callouts: tuple[Reference, ...] = ()
    priority: Priority = "normal"
    long_lived: bool = False
    upstream_path: str | None = None
    content: Content | None = None
    retirement: Retirement | None = None
    mask: MaskGuard | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Api:
    """One API as it is exposed.

    `contract` is the path of its OpenAPI document, `contract_folders` are those that its parts may lie in besides the
    document's own; no `hosts` means any host. With `mock` the gateway answers itself.
    """

    name: str
    contract: str
    upstream: Upstream
    base_path: str = "/"
    hosts: tuple[str, ...] = ()
    owner: Reference | None = None
    identify: Identify = Identify()
    guards: GuardSettings = GuardSettings()
    limits: tuple[Limit, ...] = ()
    callouts: tuple[Reference, ...] = ()
    operations: tuple[OperationSettings, ...] = ()
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    content: Content = Content()
    patterns: Patterns = "refuse"
    contract_folders: tuple[str, ...] = ()
    proxy: Proxy = Proxy()
    mock: bool = False
    version: Version | None = None
    retirement: Retirement | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)
    contract_place: Place = field(default=NOWHERE, compare=False, repr=False)
