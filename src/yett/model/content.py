"""What a route may do with content: keep answers, compress them, speak other notations than JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Coding = Literal["zstd", "br", "gzip"]
"""A content coding of answers."""

RequestCoding = Literal["gzip", "deflate", "br", "zstd"]
"""A content coding of requests."""

Notation = Literal["msgpack", "cbor"]
"""A notation that callers may use in the place of JSON."""

DEFAULT_TYPES = (
    "application/json",
    "*/*+json",
    "application/xml",
    "*/*+xml",
    "application/javascript",
    "text/*",
)
"""Media types that are worth compressing."""


@dataclass(frozen=True, slots=True)
class Cache:
    """What is kept of an operation's answers. Times are in milliseconds, sizes in bytes."""

    default_ttl_ms: int | None = None
    max_object: int = 1 << 20
    stale_while_revalidate_ms: int | None = None
    stale_if_error_ms: int | None = None
    shared_between_callers: bool = False
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compression:
    """How an operation's answers are compressed. `algorithms` are in order of preference; sizes in bytes."""

    algorithms: tuple[Coding, ...] = ("zstd", "br", "gzip")
    min_size: int = 1024
    types: tuple[str, ...] = DEFAULT_TYPES
    identified: bool = False


@dataclass(frozen=True, slots=True)
class DecompressRequests:
    """Which codings of requests are decoded, and how many times larger a body of more than 64 KiB may become."""

    algorithms: tuple[RequestCoding, ...] = ("gzip", "deflate", "br", "zstd")
    max_ratio: int = 100


@dataclass(frozen=True, slots=True)
class Content:
    """What an API, or one of its operations, does with content; `None` means nothing."""

    cache: Cache | None = None
    compression: Compression | None = None
    transcode: tuple[Notation, ...] = ()
    decompress_requests: DecompressRequests | None = None
