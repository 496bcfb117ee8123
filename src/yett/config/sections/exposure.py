"""Texts of how an API is exposed: path templates, places to redirect to, header fields, statuses."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from yett.config.sections.scalars import mistake

_TOKEN: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}")
_TEMPLATE: Final = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@%-]|\{[^{}/]{1,128}\})*)+")
_PLAIN: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_STATUS: Final = re.compile(r"[45](?:[0-9]{2}|[Xx]{2})")
_SECRET_NAMES: Final = re.compile(r"^(?:proxy-)?authorization$|^cookie$|api-?key|token|secret|password|credential")
# What an operator may mean as a name is told apart by the engine, which owns the list of fields that no rule touches.
_HINT: Final = "write `/books/{id}`"


def _template(text: str) -> str:
    whole = text.removesuffix("/*") or "/"
    segments = whole.split("/")[1:]
    if not _TEMPLATE.fullmatch(whole) or any(one in (".", "..") for one in segments) or "" in segments[:-1]:
        raise mistake(
            "path-template-invalid", "a path template starts with `/` and has no empty or dot segments", _HINT
        )
    return text


PathTemplate = Annotated[
    str, AfterValidator(_template), WithJsonSchema({"type": "string", "pattern": "^/", "examples": ["/books/{id}"]})
]
"""A path with parameters in braces; `/*` at its end, where that is allowed, stands for all below."""


def _plain(text: str) -> str:
    if not _PLAIN.fullmatch(text) or any(part in (".", "..") for part in text.split("/")):
        raise mistake("path-invalid", "this is no plain path", "write one such as `/.well-known/name`")
    return text


PlainPath = Annotated[str, AfterValidator(_plain), WithJsonSchema({"type": "string", "pattern": f"^{_PLAIN.pattern}$"})]
"""A path without parameters."""


def _redirect_target(text: str) -> str:
    host, slash, path = text.removeprefix("https://").partition("/")
    if text.startswith("https://") and host and slash:
        _template(f"/{path}")
        return text
    return _template(text)


RedirectTarget = Annotated[
    str, AfterValidator(_redirect_target), WithJsonSchema({"type": "string", "examples": ["/books/{id}"]})
]
"""Where a redirect leads: a path template, or `https://host/path`."""


def _field_name(text: str) -> str:
    name = text.lower()
    if not _TOKEN.fullmatch(name):
        raise mistake("header-invalid", "a header name is letters, digits and `-`", "write `x-request-source`")
    return name


FieldName = Annotated[str, AfterValidator(_field_name), WithJsonSchema({"type": "string", "examples": ["x-tenant"]})]
"""The name of a header field, held in lower case."""


def _field_text(value: object) -> object:
    if isinstance(value, dict):
        raise mistake(
            "secret-not-here",
            "the snapshot holds header values in the clear: no secret can be one",
            "let the upstream trust the gateway by `upstream_identity` or a client certificate",
        )
    if isinstance(value, str) and (len(value) > 1024 or any(one < " " or one > "~" for one in value)):
        raise mistake("header-invalid", "a header value is up to 1,024 visible ASCII characters and spaces")
    return value


FieldText = Annotated[str, BeforeValidator(_field_text), WithJsonSchema({"type": "string", "examples": ["${app}"]})]
"""The value of a header field, which may hold placeholders."""


def _field_value(text: str) -> str:
    if not 1 <= len(text) <= 1_024 or any(one < " " or one > "~" for one in text):
        raise mistake("header-invalid", "a header value is 1 to 1,024 visible ASCII characters and spaces")
    return text


FieldValue = Annotated[str, AfterValidator(_field_value), WithJsonSchema(
    {"type": "string", "minLength": 1, "maxLength": 1024, "examples": ["no-referrer"]}
)]  # fmt: skip
"""The value of a header field, or `off`."""


def may_be_secret(name: str, text: str) -> bool:
    """Whether a field of that name with a fixed value would be a credential in the clear."""
    return "${" not in text and _SECRET_NAMES.search(name) is not None


def _status(value: object) -> object:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _STATUS.fullmatch(text):
        raise mistake("status-invalid", "an error status is 400 to 599, `4XX` or `5XX`", "write `5XX`")
    return text.upper()


ErrorStatus = Annotated[
    str,
    BeforeValidator(_status),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 400, "maximum": 599}, {"enum": ["4XX", "5XX"]}]}),
]
"""An error status, or all of a hundred."""
