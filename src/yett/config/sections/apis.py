"""`apis`: what is offered, where it is exposed and how it is guarded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag, model_validator

from yett.config.sections.base import At, Shape
from yett.config.sections.content import (
    Cached,
    CacheShape,
    Compressed,
    CompressionShape,
    Decompressed,
    DecompressRequestsShape,
    Notations,
    build_content,
    build_own_content,
)
from yett.config.sections.cross_site import CorsGuardShape, CsrfGuardShape, build_cors, build_csrf
from yett.config.sections.data import LeaksGuardShape, MaskGuardShape, build_leaks, build_mask
from yett.config.sections.exposure import PathTemplate
from yett.config.sections.identify import IdentifyValue, build_identify
from yett.config.sections.limits import LimitShape, build_limits
from yett.config.sections.proxy import (
    CookiesShape,
    ErrorsShape,
    HeadersShape,
    RedirectShape,
    RewriteShape,
    SecurityHeadersShape,
    UpstreamIdentityShape,
    build_proxy,
)
from yett.config.sections.scalars import BasePath, Duration, Host, Name, Origin, Size, mistake
from yett.config.sections.structure import GraphQlShape, StructureGuardShape, build_graphql, build_structure
from yett.config.sections.upstreams import UpstreamShape, build_upstream
from yett.config.sections.versions import ApiVersionShape, RetireShape, build_retirement, build_version
from yett.model.api import (
    DEFAULT_MAX_BODY_BYTES,
    Api,
    ContractGuard,
    Family,
    GuardSettings,
    InjectionException,
    InjectionGuard,
    Level,
    LimitsGuard,
    OperationSettings,
    Patterns,
    Priority,
    Surplus,
    Unknown,
    UnknownProperties,
    Unwanted,
    ValuePlace,
    WebSocket,
)
from yett.model.content import Content
from yett.model.mode import Mode
from yett.model.place import Reference
from yett.model.proxy import ForwardedFields


class ContractGuardShape(Shape):
    """Refuses what the contract does not describe."""

    mode: Mode = "enforce"
    """What to do with requests that do not fit."""
    responses: Mode = "monitor"
    """What to do with responses that do not fit."""
    unknown_query: Unknown = "refuse"
    """Query parameters the contract does not name."""
    max_response_bytes: Size = 1 << 20
    """Largest response body that is checked; larger ones pass unchecked and are counted."""
    max_depth: Annotated[int, Field(ge=1, le=512)] = 64
    """Deepest nesting of a JSON body."""
    unknown_properties: UnknownProperties = "contract"
    """Properties of a request's body that no schema names: as the schemas say (`contract`: they pass unless
    `additionalProperties` forbids them), refuse them, or take them out of the body. Out of forms nothing is taken:
    there they are refused."""
    read_only: Unwanted = "refuse"
    """`readOnly` properties of a JSON request: refuse them, or take them out."""
    response_unknown: Surplus = "keep"
    """Properties of a JSON answer that no schema names, or that are `writeOnly`: leave them, record them, or take them
    out. `responses` must not be off for that."""
    patterns: Patterns = "refuse"
    """Regular expressions that cannot run in linear time: a mistake, or left unenforced with a warning."""

    @model_validator(mode="after")
    def _answers_are_looked_at(self) -> ContractGuardShape:
        if self.response_unknown != "keep" and self.responses == "off":
            hint = "set `responses: monitor`, or take `response_unknown` away"
            raise mistake("answers-unseen", "nothing is taken out of answers that are not looked at", hint)
        return self


class InjectionExceptionShape(Shape):
    """Families or signatures that do not count for some values. Without a place and a name it holds for every value."""

    operation: Annotated[str, Field(min_length=1)] | None = None
    """The `operationId`; absent means every operation of the API."""
    location: Annotated[ValuePlace | None, Field(alias="in")] = None
    """Where the value travels; absent means anywhere."""
    name: Annotated[str, Field(max_length=256)] | None = None
    """Name of the parameter or header field, or JSON pointer in the body, such as `/items/*/note`; absent means any."""
    families: list[Family] = Field(default_factory=list)
    """Families that do not count."""
    signatures: list[Annotated[str, Field(pattern="^[a-z0-9-]{1,64}$")]] = Field(default_factory=list)
    """Signatures that do not count, by id; the access log names the one that matched."""


class InjectionGuardShape(Shape):
    """Refuses values that look like attacks on what reads them: SQL, shells, file systems, browsers and others."""

    mode: Mode = "enforce"
    """What to do with requests that have such a value."""
    level: Level = "standard"
    """How much is taken for an attack: `strict` also takes what others write now and then."""
    exceptions: list[InjectionExceptionShape] = Field(default_factory=list, max_length=1_000)
    """What is no attack after all, where it stands. `yett exempt` writes one for a line of the access log."""


class LimitsGuardShape(Shape):
    """Applies rates, quotas and concurrency limits."""

    mode: Mode = "enforce"
    """What to do with requests over a limit."""


class GuardsShape(Shape):
    """Only what differs from the secure defaults."""

    contract: ContractGuardShape = ContractGuardShape()
    """The contract guard."""
    injection: InjectionGuardShape = InjectionGuardShape()
    """The injection guard."""
    limits: LimitsGuardShape = LimitsGuardShape()
    """The limits guard."""
    mask: MaskGuardShape = MaskGuardShape()
    """The mask guard."""
    leaks: LeaksGuardShape = LeaksGuardShape()
    """The leaks guard."""
    cors: CorsGuardShape = CorsGuardShape()
    """The guard of answers that pages of other origins may read."""
    structure: StructureGuardShape = StructureGuardShape()
    """The guard of bodies that hold too much."""
    csrf: CsrfGuardShape | None = None
    """The guard against forged requests. Absent means that only the passwords and certificates are watched which
    browsers send of themselves, where the API takes them."""


class WebSocketShape(Shape):
    """Who may open the WebSocket of an operation, with details."""

    origins: list[Origin] = Field(default_factory=list, max_length=1_000)
    """Origins whose pages may open it besides those of the host it is opened at."""


class OperationShape(Shape):
    """What one operation does differently from its API."""

    public: bool | None = None
    """No credential is needed for this operation."""
    cost: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Units a request takes from rates and quotas; absent means as the contract says (`x-yett-cost`), or 1."""
    max_body: Size | None = None
    """Largest request body."""
    idle_timeout: Duration | None = None
    """Time without a byte of an answer, a streamed body or a WebSocket; absent means as the upstream says."""
    websocket: Annotated[
        Annotated[bool, Tag("<switch>")] | Annotated[WebSocketShape, Tag("<settings>")],
        Discriminator(lambda value: "<switch>" if isinstance(value, bool) else "<settings>"),
    ] = False  # fmt: skip
    """Whether a request may become a WebSocket, or who may open it; elsewhere upgrades are refused."""
    graphql: Annotated[
        Annotated[bool, Tag("<switch>")] | Annotated[GraphQlShape, Tag("<settings>")],
        Discriminator(lambda value: "<switch>" if isinstance(value, bool) else "<settings>"),
    ] = False  # fmt: skip
    """Whether the operation takes GraphQL, or what its queries may ask for; elsewhere queries are not looked into."""
    limits: list[LimitShape] = Field(default_factory=list)
    """Limits on this operation."""
    callouts: list[Name] = Field(default_factory=list)
    """Callouts that are asked besides those of the API."""
    priority: Priority = "normal"
    """Which requests are refused last, and which first, while the API is overloaded."""
    long_lived: bool = False
    """Its answers may take as long as they like: `gateway.clients.request_timeout` is not for it."""
    upstream_path: PathTemplate | None = None
    """Its path at the upstream, with the parameters of the contract's path; absent means the contract's path."""
    cache: Cached | None = None
    """Keep answers; absent means as the API says, `false` that none is kept."""
    compression: Compressed | None = None
    """Compress answers; absent means as the API says, `false` that none is compressed."""
    decompress_requests: Decompressed | None = None
    """Decode the bodies of requests; absent means as the API says, `false` that none is decoded."""
    transcode: Notations | None = None
    """Notations that callers may use in the place of JSON; absent means as the API says, `[]` none."""
    retire: RetireShape | None = None
    """How it goes; absent means as the API says."""
    mask: MaskGuardShape | None = None
    """Settings of the mask guard in the place of the API's."""


class ApiShape(Shape):
    """One API."""

    name: Name
    """Name of the API; its operations are called `name:operationId`."""
    contract: Annotated[str, Field(min_length=1)]
    """Path of its OpenAPI document, relative to this file."""
    contract_folders: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    """Folders, relative to this file, that a `$ref` may lead into besides the contract's own; all below them too."""
    upstream: UpstreamShape
    """Where its requests go: a URL, or settings with targets."""
    hosts: list[Host] = Field(default_factory=list)
    """Public hosts; none means any."""
    base_path: BasePath = "/"
    """Public base path; the upstream's own path replaces it."""
    version: ApiVersionShape | None = None
    """Which of several versions this is; absent means that there is but one."""
    retire: RetireShape | None = None
    """How all of it goes; absent means that it stays."""
    owner: Name | None = None
    """Team that answers for the API."""
    identify: IdentifyValue | None = None
    """How callers prove themselves; absent means by API key, unless the API is public."""
    public: bool = False
    """No credential is needed."""
    anonymous: Annotated[list[Name], Field(min_length=1)] | None = None
    """Profiles of callers without a credential, whose limits count by address; absent means that there are none such. A
    wrong credential is refused all the same."""
    guards: GuardsShape = GuardsShape()
    """Settings of the guards."""
    limits: list[LimitShape] = Field(default_factory=list)
    """Limits on the whole API."""
    callouts: list[Name] = Field(default_factory=list)
    """Callouts that are asked about every request, in order."""
    operations: dict[str, OperationShape] = Field(default_factory=dict)
    """By `operationId`: what single operations do differently."""
    strip_base_path: bool = True
    """Whether the base path is taken off before the upstream's own path is put on."""
    rewrite: list[RewriteShape] = Field(default_factory=list)
    """Paths that have another name at the upstream; the first that fits counts, an operation's `upstream_path` before
    all."""
    redirects: list[RedirectShape] = Field(default_factory=list)
    """Old paths that the gateway answers itself."""
    headers: HeadersShape = HeadersShape()
    """Which header fields pass, go and are put in, both ways."""
    cookies: CookiesShape = CookiesShape()
    """What is added to the cookies that the upstream sets."""
    forwarded: ForwardedFields = "x-forwarded"
    """Which fields tell the upstream where a request came from."""
    security_headers: Annotated[
        Annotated[bool, Tag("<switch>")] | Annotated[SecurityHeadersShape, Tag("<settings>")],
        Discriminator(lambda value: "<switch>" if isinstance(value, bool) else "<settings>"),
    ] = True  # fmt: skip
    """Whether answers get the fields that protect their reader, or what these say."""
    errors: ErrorsShape = ErrorsShape()
    """Which of the upstream's error answers are replaced."""
    upstream_identity: UpstreamIdentityShape | None = None
    """Tell the upstream who calls, in a signed token; absent means not."""
    mock: bool = False
    """The gateway answers itself, with the contract's examples, and the upstream is never asked. Requests are held
    against the contract as ever; `Prefer: code=404` asks for another of the documented answers."""
    max_body: Size = DEFAULT_MAX_BODY_BYTES
    """Largest request body."""
    cache: CacheShape | None = None
    """Keep answers of `GET`; absent means that none is kept."""
    compression: CompressionShape | None = None
    """Compress answers; absent means that the gateway compresses none."""
    decompress_requests: DecompressRequestsShape | None = None
    """Decode the bodies of requests; absent means that a body with a content coding is refused where a guard must look
    into it."""
    transcode: Notations = Field(default_factory=list)
    """Notations that callers may use in the place of JSON, by `Content-Type` and `Accept`."""


def build_api(shape: ApiShape, at: At) -> Api:
    """The API that stands at `at`."""
    content = build_content(shape.cache, shape.compression, shape.transcode, shape.decompress_requests)
    return Api(
        name=shape.name,
        contract=at.path(shape.contract),
        upstream=build_upstream(shape.upstream, at / "upstream"),
        base_path=shape.base_path,
        hosts=tuple(dict.fromkeys(shape.hosts)),
        owner=None if shape.owner is None else Reference(shape.owner, (at / "owner").place),
        identify=build_identify(
            shape.identify,
            at / "identify",
            public=shape.public,
            anonymous=None if shape.anonymous is None else (at / "anonymous").references(shape.anonymous),
        ),
        guards=GuardSettings(
            ContractGuard(**shape.guards.contract.model_dump(exclude={"patterns"})),
            _build_injection(shape.guards.injection, at / "guards" / "injection"),
            LimitsGuard(**shape.guards.limits.model_dump()),
            mask=build_mask(shape.guards.mask),
            leaks=build_leaks(shape.guards.leaks),
            cors=build_cors(shape.guards.cors, at / "guards" / "cors"),
            csrf=build_csrf(shape.guards.csrf, at / "guards" / "csrf"),
            structure=build_structure(shape.guards.structure),
        ),
        limits=build_limits(shape.limits, at / "limits"),
        callouts=(at / "callouts").references(shape.callouts),
        operations=_build_operations(shape.operations, content, at / "operations"),
        content=content,
        mock=shape.mock,
        version=build_version(shape.version, at / "version"),
        retirement=build_retirement(shape.retire, at / "retire"),
        max_body_bytes=shape.max_body,
        patterns=shape.guards.contract.patterns,
        contract_folders=_contract_folders(shape.contract_folders, at / "contract_folders"),
        place=at.place,
        proxy=build_proxy(shape, at),
        contract_place=(at / "contract").place,
    )


def _build_injection(shape: InjectionGuardShape, at: At) -> InjectionGuard:
    exceptions = tuple(
        InjectionException(
            operation=one.operation,
            location=one.location,
            name=one.name,
            families=tuple(one.families),
            signatures=tuple(one.signatures),
            place=(at / "exceptions" / index).place,
        )
        for index, one in enumerate(shape.exceptions)
    )
    return InjectionGuard(shape.mode, shape.level, exceptions)


def _contract_folders(names: list[str], at: At) -> tuple[str, ...]:
    folders = [at.path(name) for name in names]
    for index, folder in enumerate(folders):
        (at / index).need_folder(folder)
    return tuple(folders)


def _build_websocket(shape: bool | WebSocketShape) -> WebSocket | None:
    match shape:
        case WebSocketShape(origins=origins):
            return WebSocket(tuple(dict.fromkeys(origins)))
        case _:
            return WebSocket() if shape else None


def _build_operations(shapes: dict[str, OperationShape], content: Content, at: At) -> tuple[OperationSettings, ...]:
    return tuple(
        OperationSettings(
            operation_id=operation_id,
            public=shape.public,
            cost=shape.cost,
            max_body_bytes=shape.max_body,
            idle_timeout_ms=shape.idle_timeout,
            websocket=_build_websocket(shape.websocket),
            graphql=build_graphql(shape.graphql),
            limits=build_limits(shape.limits, at / operation_id / "limits"),
            callouts=(at / operation_id / "callouts").references(shape.callouts),
            priority=shape.priority,
            long_lived=shape.long_lived,
            upstream_path=shape.upstream_path,
            content=build_own_content(
                shape.cache, shape.compression, shape.transcode, shape.decompress_requests, content
            ),
            retirement=build_retirement(shape.retire, at / operation_id / "retire"),
            mask=None if shape.mask is None else build_mask(shape.mask),
            place=(at / operation_id).place,
        )
        for operation_id, shape in shapes.items()
    )
