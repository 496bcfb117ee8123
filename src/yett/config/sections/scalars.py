"""Texts with a meaning: names, durations, sizes, addresses, paths and dates.

Each is a type with a validator (whose error type is the diagnostic's code) and a JSON Schema for editors. No message
repeats what was written, except names and addresses that are no secrets by their form.
"""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from yett.model.suggestion import did_you_mean

_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DURATION: Final = re.compile(r"([0-9]{1,9})(ms|s|m|h)")
_SIZE: Final = re.compile(r"([0-9]{1,12})(B|KiB|MiB|GiB)")
_HOST: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*")
_TOKEN: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_BASE_PATH: Final = re.compile(r"/|(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")
_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2}))?"
)
_MILLISECONDS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_BYTES: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_MAX_NAME: Final = 64
_MAX_DURATION_MS: Final = 24 * 3_600_000
_MAX_SIZE: Final = 1 << 40


def mistake(code: str, message: str, hint: str = "") -> PydanticCustomError:
    """What a validator raises: the diagnostic's code, what is wrong and how to mend it."""
    # Braces in a custom message would be read as placeholders.
    return PydanticCustomError(code, "{message}", {"message": message, "hint": hint})


def _kebab(text: str) -> str:
    if _NAME.fullmatch(text) and len(text) <= _MAX_NAME:
        return text
    better = re.sub(r"[^a-z0-9]+", "-", re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", text).lower()).strip("-")[:_MAX_NAME]
    hint = f"did you mean `{better.strip('-')}`?" if better.strip("-") else ""
    raise mistake(
        "name-invalid", f"a name is 1 to {_MAX_NAME} lower-case letters and digits, in words joined by `-`", hint
    )


Name = Annotated[str, AfterValidator(_kebab), WithJsonSchema(
    {"type": "string", "pattern": f"^{_NAME.pattern}$", "maxLength": _MAX_NAME}
)]  # fmt: skip
"""A kebab-case name."""


def _duration(value: object) -> object:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    amount = int(match[1]) * _MILLISECONDS[match[2]] if match else 0
    if not 0 < amount <= _MAX_DURATION_MS:
        raise mistake(
            "duration-invalid",
            "a duration is a whole number above 0 with a unit, up to 24h",
            "write `250ms`, `5s`, `1m` or `1h`",
        )
    return amount


Duration = Annotated[int, BeforeValidator(_duration), WithJsonSchema(
    {"type": "string", "pattern": f"^{_DURATION.pattern}$", "examples": ["250ms", "5s", "1m"]}
)]  # fmt: skip
"""A time such as `5s`, held in milliseconds."""


def _size(value: object) -> object:
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    amount = int(match[1]) * _BYTES[match[2]] if match else value
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= _MAX_SIZE:
        raise mistake(
            "size-invalid",
            "a size is a whole number of bytes, or a number with a unit",
            "write `512KiB`, `1MiB` or `1048576`",
        )
    return amount


Size = Annotated[int, BeforeValidator(_size), WithJsonSchema(
    {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^{_SIZE.pattern}$"}],
     "examples": ["1MiB", "512KiB"]}
)]  # fmt: skip
"""A size such as `1MiB`, held in bytes."""


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535:
        if host == "localhost":
            return f"127.0.0.1:{port}"
        if _is_ip(host.removeprefix("[").removesuffix("]"), bracketed=host.startswith("[") and host.endswith("]")):
            return text
    raise mistake(
        "address-invalid",
        "an address to listen on is an IP address, `:` and a port",
        "write `127.0.0.1:8080`, `[::1]:8080` or `0.0.0.0:8080`",
    )


def _is_ip(host: str, *, bracketed: bool) -> bool:
    try:
        return (ipaddress.ip_address(host).version == 6) is bracketed
    except ValueError:
        return False


Address = Annotated[str, AfterValidator(_address), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8080"]})]
"""An address to listen on."""


def _host(text: str) -> str:
    host = text.lower().rstrip(".")
    bracketed = host.startswith("[") and host.endswith("]")
    if len(host) <= 253 and (_HOST.fullmatch(host) or (bracketed and _is_ip(host[1:-1], bracketed=True))):
        return host
    raise mistake(
        "host-invalid",
        "a public host is a name or an IP address, without scheme, port or `*`",
        "write `api.example.com`",
    )


Host = Annotated[str, AfterValidator(_host), WithJsonSchema({"type": "string", "examples": ["api.example.com"]})]
"""A public host name, in lower case."""


def origin(text: str) -> str:
    """`text` as browsers spell an origin, or a mistake."""
    spelled = text.lower()
    try:
        parts = urlsplit(spelled)
        fits = parts.port is None or parts.port > 0
    except ValueError:
        fits = False
    scheme, _, authority = spelled.partition("://")
    if fits and scheme in {"http", "https"} and authority == parts.netloc and parts.hostname and "@" not in authority:
        return spelled.removesuffix(":443" if scheme == "https" else ":80")
    raise mistake(
        "origin-invalid",
        "an origin is a scheme, a host and perhaps a port, without a path",
        "write `https://app.example`",
    )


Origin = Annotated[str, AfterValidator(origin), WithJsonSchema({"type": "string", "examples": ["https://app.example"]})]
"""The origin of a web page (RFC 6454), as browsers spell it."""


def _host_pattern(text: str) -> str:
    wildcard = "*." if text.startswith("*.") else ""
    return wildcard + _host(text.removeprefix(wildcard))


HostPattern = Annotated[
    str, AfterValidator(_host_pattern), WithJsonSchema({"type": "string", "examples": ["*.example.com"]})
]
"""A host name, or all names of one label below one: `*.example.com`."""


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        hint = "write `10.0.0.7`, `10.0.0.0/8` or `fd00::/8`"
        raise mistake("network-invalid", "a network is an IP address, or one with `/` and a length", hint) from None


Network = Annotated[str, AfterValidator(_network), WithJsonSchema({"type": "string", "examples": ["10.0.0.0/8"]})]
"""An address or a network."""


def _version(value: object) -> object:
    # Unquoted, YAML reads a number.
    return str(value) if isinstance(value, float) else value


TlsVersion = Annotated[Literal["1.2", "1.3"], BeforeValidator(_version)]
"""A version of TLS."""


def _url(text: str) -> str:
    hint = "write `http://127.0.0.1:9000` or `https://books.internal/v1`"
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        raise mistake("url-invalid", "this is not a URL", hint) from None
    if parts.username is not None or parts.password is not None:
        raise mistake(
            "secret-literal", "a URL must not hold a user name or password", "remove everything up to the `@`"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits or not text.isascii():
        raise mistake("url-invalid", "an upstream is a URL with http or https and a host", hint)
    if parts.query or parts.fragment or any(character <= " " or character in '"<>\\^`{|}' for character in text):
        raise mistake("url-invalid", "an upstream URL has no query, fragment, spaces or placeholders", hint)
    return text.rstrip("/")


Url = Annotated[str, AfterValidator(_url), WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://"})]
"""The base URL of an upstream target."""


def _base_path(text: str) -> str:
    if _BASE_PATH.fullmatch(text) and not any(part in (".", "..") for part in text.split("/")):
        return text
    better = "/" + "/".join(part for part in text.split("/") if part not in ("", ".", ".."))
    hint = (
        f"did you mean `{better}`?"
        if better != text and _BASE_PATH.fullmatch(better)
        else "write `/` or `/bookshop/v1`"
    )
    raise mistake(
        "base-path-invalid", "a base path starts with `/`, does not end with it and holds plain characters", hint
    )


BasePath = Annotated[
    str, AfterValidator(_base_path), WithJsonSchema({"type": "string", "pattern": f"^(?:{_BASE_PATH.pattern})$"})
]
"""A public base path: `/`, or `/a/b` without a slash at its end."""


def _header(text: str) -> str:
    header = text.lower()
    if not _TOKEN.fullmatch(header):
        raise mistake("header-invalid", "a header name is letters, digits and `-`", "write `x-api-key`")
    if header in (
        "authorization",
        "cookie",
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
    ):
        raise mistake(
            "header-invalid",
            f"`{header}` has a meaning of its own and cannot carry a key",
            "write `x-api-key`, or set `bearer: true`",
        )
    return header


HeaderName = Annotated[str, AfterValidator(_header), WithJsonSchema({"type": "string", "examples": ["x-api-key"]})]
"""The name of a header field, held in lower case."""


def _time_zone(text: str) -> str:
    known = zoneinfo.available_timezones()
    # Without a database here, the engine still has its own.
    if text in known or not known:
        return text
    raise mistake("time-zone-unknown", f"there is no time zone `{text[:64]}`", did_you_mean(text[:64], sorted(known)))


TimeZone = Annotated[str, AfterValidator(_time_zone), WithJsonSchema(
    {"type": "string", "examples": ["Europe/Stockholm", "UTC"]}
)]  # fmt: skip
"""IANA name of a time zone."""


def _expiry(value: object) -> object:
    return _second(value, "an expiry")


def _moment(value: object) -> object:
    return _second(value, "`from` and `until`: each")


def _second(value: object, noun: str) -> int:
    try:
        moment = datetime.fromisoformat(value.upper()) if isinstance(value, str) and _DATE.fullmatch(value) else None
    except ValueError:
        moment = None
    if moment is None:
        raise mistake(
            "date-invalid",
            f"{noun} is a date or a date with time and offset (RFC 3339)",
            'write "2027-01-31" or "2027-01-31T18:00:00Z"',
        )
    return max(0, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))


Expiry = Annotated[int, BeforeValidator(_expiry), WithJsonSchema(
    {"type": "string", "examples": ["2027-01-31", "2027-01-31T18:00:00Z"]}
)]  # fmt: skip
"""A date (from its first second in UTC) or a date with time, held as a Unix second."""


Moment = Annotated[int, BeforeValidator(_moment), WithJsonSchema(
    {"type": "string", "examples": ["2027-01-31", "2027-01-31T18:00:00Z"]}
)]  # fmt: skip
"""A date (its first second in UTC) or a date with time, held as a Unix second."""
