"""`apis[].identify`: how callers prove themselves.

A method is one shape here, one line in `IdentifyShape`, one in `_DEFAULTS` and one in `build_identify`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import Discriminator, Field, ModelWrapValidatorHandler, PrivateAttr, Tag, model_validator

from yett.config.sections.base import At, Shape
from yett.config.sections.proofs import SignatureShape, WebhookShape, build_signature, build_webhook
from yett.config.sections.scalars import HeaderName, Name, mistake
from yett.model.api import Combine, Identify, KeyPlaces, MethodName, TokenPlaces
from yett.model.place import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping


class KeyPlacesShape(Shape):
    """Where an API key may be sent."""

    header: HeaderName | None = "x-api-key"
    """Header that carries the key; `null` for none."""
    bearer: bool = True
    """Whether `Authorization: Bearer` may carry it."""
    query: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Query parameter that carries it; off unless named, because URLs end up in logs."""


class TokensOfShape(Shape):
    """Which tokens are accepted."""

    issuers: Annotated[list[Name], Field(min_length=1)] | None = None
    """Names of issuers; absent means all of them."""
    dpop_nonce: bool = False
    """Whether a proof of possession (DPoP) must hold a nonce of the gateway's, so that none can be made in advance. It
    costs a caller one more request every few minutes."""


class IntrospectionOfShape(Shape):
    """Whose opaque tokens are accepted."""

    issuer: Name
    """Name of the issuer that every such token is shown to; it has `introspection`."""


class IdentifyShape(Shape):
    """How callers prove themselves, with details. The order of the methods is the order in which they are asked."""

    api_key: Annotated[KeyPlacesShape | None, Field(alias="api-key")] = None
    """Accept API keys."""
    certificate: Literal[True] | None = None
    """Accept client certificates of apps' `certificates`."""
    signature: SignatureShape | None = None
    """Accept HTTP Message Signatures of apps' `signing_keys`."""
    webhook: WebhookShape | None = None
    """Accept webhooks of one app."""
    basic: Literal[True] | None = None
    """Accept user names and passwords of apps' `passwords`."""
    jwt: TokensOfShape | None = None
    """Accept tokens (JWT) of `issuers`."""
    introspection: IntrospectionOfShape | None = None
    """Accept opaque tokens, of which their issuer says what they are worth (RFC 7662)."""
    combine: Combine = "one"
    """What happens when several methods find a credential: `one`, a request has exactly one and two are refused;
    `first`, the first method that finds one decides; `agree`, all that is sent must be right and prove the same caller,
    who may do what each of them allows; `all`, as `agree`, and no method may be missing."""

    streams_outlive_tokens: bool = False
    """Whether a stream or WebSocket goes on when the token it was opened with expires. It ends in any case, within a
    second, when the credential is taken back or the caller may no longer call the operation."""

    _order: tuple[MethodName, ...] = PrivateAttr(())

    @model_validator(mode="wrap")
    @classmethod
    def _keep_order(cls, value: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        shape = build(value)
        names = list(value) if isinstance(value, dict) else []
        shape._order = tuple(name for name in _DEFAULTS if name in names)
        shape._order = tuple(sorted(shape._order, key=names.index))
        if not shape._order:
            raise mistake("identify-empty", "no method is named", f"name one of {', '.join(_DEFAULTS)}")
        return shape

    @property
    def order(self) -> tuple[MethodName, ...]:
        """The methods as they are written, the first first."""
        return self._order


_DEFAULTS: Final[Mapping[MethodName, Any]] = {
    "api-key": KeyPlacesShape(),
    "jwt": TokensOfShape(),
    "introspection": None,
    "certificate": True,
    "signature": SignatureShape(),
    "webhook": None,
    "basic": True,
}
"""The methods, and the settings of those that can do without any."""


def _kind(value: object) -> str:
    return "<list>" if isinstance(value, list) else "<settings>"


IdentifyValue = Annotated[
    Annotated[list[Literal["api-key", "jwt", "certificate", "signature", "basic"]], Field(min_length=1), Tag("<list>")]
    | Annotated[IdentifyShape, Tag("<settings>")],
    Discriminator(_kind),
]
"""The names of methods, or methods with their settings."""


def build_identify(
    value: list[Any] | IdentifyShape | None, at: At, *, public: bool, anonymous: tuple[Reference, ...] | None = None
) -> Identify:
    """How the callers of an API prove themselves; unless it is said, by API key, or by nothing where it is public.

    `at` is where the methods stand.
    """
    if value is None:
        return Identify(public, None if public else KeyPlaces(), anonymous=anonymous)
    combine: Combine = "one"
    settings: Mapping[MethodName, Any] = dict.fromkeys(value) if isinstance(value, list) else {}
    if isinstance(value, IdentifyShape):
        combine, settings = value.combine, {name: getattr(value, name.replace("-", "_")) for name in value.order}
    order = tuple(settings)
    given = {name: _DEFAULTS[name] if one is None else one for name, one in settings.items()}
    key, signature, webhook = given.get("api-key"), given.get("signature"), given.get("webhook")
    tokens = given.get("jwt")
    return Identify(
        public,
        KeyPlaces(key.header, key.bearer, key.query) if key else None,
        order,
        combine,
        certificate="certificate" in order,
        signature=build_signature(signature) if signature else None,
        webhook=build_webhook(webhook, at / "webhook" / "app") if webhook else None,
        basic="basic" in order,
        jwt=_build_tokens(tokens, at / "jwt") if tokens else None,
        introspection=_build_introspection(given.get("introspection"), at / "introspection" / "issuer"),
        anonymous=anonymous,
        streams_outlive_tokens=isinstance(value, IdentifyShape) and value.streams_outlive_tokens,
    )


def _build_tokens(shape: TokensOfShape, at: At) -> TokenPlaces:
    issuers = None if shape.issuers is None else (at / "issuers").references(shape.issuers)
    return TokenPlaces(issuers, shape.dpop_nonce)


def _build_introspection(shape: IntrospectionOfShape | None, at: At) -> Reference | None:
    return None if shape is None else Reference(shape.issuer, at.place)
