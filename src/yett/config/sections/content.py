"""`cache`, `compression`, `decompress_requests` and `transcode` of an API and its operations."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema

from yett.config.sections.base import Shape
from yett.config.sections.scalars import Duration, HeaderName, Size, mistake
from yett.model.content import (
    DEFAULT_TYPES,
    Cache,
    Coding,
    Compression,
    Content,
    DecompressRequests,
    Notation,
    RequestCoding,
)

_PART: Final = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"
_TYPE: Final = re.compile(rf"(?:{_PART}|\*)/(?:{_PART}|\*(?:\+[a-z0-9.-]+)?)")
_MAX_OBJECT: Final = 64 << 20
_ONE_CALLERS: Final = frozenset(("range", "if-range", "if-match", "if-unmodified-since", "upgrade"))


def _media_range(text: str) -> str:
    lower = text.lower()
    if not _TYPE.fullmatch(lower) or (lower.startswith("*/") and lower != "*/*" and not lower.startswith("*/*+")):
        raise mistake("media-type-invalid", "this is no media type or range", "write `application/json` or `text/*`")
    return lower


MediaRange = Annotated[
    str,
    AfterValidator(_media_range),
    WithJsonSchema({"type": "string", "examples": ["application/json", "text/*", "*/*+json"]}),
]
"""A media type, or a range of them."""


def _keyed(name: str) -> str:
    if name in _ONE_CALLERS:
        raise mistake("header-invalid", f"`{name}` takes a request past the cache", "leave it away")
    return name


def _distinct(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise mistake("list-repeats", "an entry is there twice", "leave one away")
    return values


class CacheShape(Shape):
    """Keeps answers and gives them again, as they allow (RFC 9111)."""

    default_ttl: Duration | None = None
    """How long an answer of status 200 that says nothing about it stays fresh; absent means that it is not kept."""
    max_object: Annotated[Size, Field(ge=1, le=_MAX_OBJECT)] = 1 << 20
    """Largest body that is kept."""
    stale_while_revalidate: Duration | None = None
    """How long a stale answer is given while it is fetched anew, unless the answer says otherwise."""
    stale_if_error: Duration | None = None
    """How long a stale answer is given when the upstream fails, unless the answer says otherwise."""
    shared_between_callers: bool = False
    """Give answers that one app caused to others as well. The upstream is not told the app then."""
    headers: Annotated[list[Annotated[HeaderName, AfterValidator(_keyed)]], Field(max_length=16)] = Field(
        default_factory=list
    )
    """Request headers that choose between answers, besides `accept`, `accept-language`, `authorization` and those of
    the contract. All others of the caller stay behind where answers are kept."""


class CompressionShape(Shape):
    """Compresses answers for callers that ask for it."""

    algorithms: Annotated[list[Coding], Field(min_length=1), AfterValidator(_distinct)] = Field(
        default_factory=lambda: list[Coding](("zstd", "br", "gzip"))
    )
    """Content codings on offer, the preferred one first."""
    min_size: Size = 1024
    """Smallest body that is compressed."""
    types: Annotated[list[MediaRange], Field(min_length=1, max_length=64)] = Field(
        default_factory=lambda: list(DEFAULT_TYPES)
    )
    """Media types that are compressed."""
    identified: bool = False
    """Also for callers that were identified: the length of an answer that mixes a secret with what an attacker chose
    gives the secret away (BREACH). Never where a browser adds credentials by itself: with `Cookie`, `Set-Cookie`,
    `Authorization: Basic`."""


class DecompressRequestsShape(Shape):
    """Decodes the bodies of requests before any guard looks at them; they go upstream without a content coding."""

    algorithms: Annotated[list[RequestCoding], Field(min_length=1), AfterValidator(_distinct)] = Field(
        default_factory=lambda: list[RequestCoding](("gzip", "deflate", "br", "zstd"))
    )
    """Content codings that are decoded; others are refused where a guard must look into the body."""
    max_ratio: Annotated[int, Field(ge=1, le=10_000)] = 100
    """How many times larger a body of more than 64 KiB may become; it may never become larger than `max_body`."""


Cached = Annotated[
    Annotated[CacheShape, Tag("<settings>")] | Annotated[Literal[False], Tag("<off>")],
    Discriminator(lambda value: "<off>" if value is False else "<settings>"),
]
"""Settings, or `false`."""

Compressed = Annotated[
    Annotated[CompressionShape, Tag("<settings>")] | Annotated[Literal[False], Tag("<off>")],
    Discriminator(lambda value: "<off>" if value is False else "<settings>"),
]
"""Settings, or `false`."""

Decompressed = Annotated[
    Annotated[DecompressRequestsShape, Tag("<settings>")] | Annotated[Literal[False], Tag("<off>")],
    Discriminator(lambda value: "<off>" if value is False else "<settings>"),
]
"""Settings, or `false`."""

Notations = Annotated[list[Notation], AfterValidator(_distinct)]
"""Notations besides JSON."""


class CacheMemoryShape(Shape):
    """The memory of all caches."""

    memory: Annotated[Size, Field(ge=1 << 20, le=1 << 40)] = 64 << 20
    """Bytes for kept answers, over all APIs; the least recently used go first."""


def build_content(
    cache: CacheShape | None,
    compression: CompressionShape | None,
    transcode: list[Notation],
    decompress_requests: DecompressRequestsShape | None,
) -> Content:
    """What an API does with content."""
    return Content(
        _cache(cache or None),
        _compression(compression or None),
        tuple(transcode),
        _decompress_requests(decompress_requests or None),
    )


def build_own_content(
    cache: CacheShape | bool | None,
    compression: CompressionShape | bool | None,
    transcode: list[Notation] | None,
    decompress_requests: DecompressRequestsShape | bool | None,
    of_api: Content,
) -> Content:
    """What an operation does with content: its own settings, or the API's."""
    return Content(
        of_api.cache if cache is None else _cache(cache),
        of_api.compression if compression is None else _compression(compression),
        of_api.transcode if transcode is None else tuple(transcode),
        of_api.decompress_requests if decompress_requests is None else _decompress_requests(decompress_requests),
    )


def _cache(shape: CacheShape | bool | None) -> Cache | None:
    if not isinstance(shape, CacheShape):
        return None
    return Cache(
        shape.default_ttl,
        shape.max_object,
        shape.stale_while_revalidate,
        shape.stale_if_error,
        shape.shared_between_callers,
        tuple(dict.fromkeys(shape.headers)),
    )


def _compression(shape: CompressionShape | bool | None) -> Compression | None:
    if not isinstance(shape, CompressionShape):
        return None
    return Compression(tuple(shape.algorithms), shape.min_size, tuple(shape.types), shape.identified)


def _decompress_requests(shape: DecompressRequestsShape | bool | None) -> DecompressRequests | None:
    if not isinstance(shape, DecompressRequestsShape):
        return None
    return DecompressRequests(tuple(shape.algorithms), shape.max_ratio)
