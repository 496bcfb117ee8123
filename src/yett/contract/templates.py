"""Path templates: `/books/{id}`."""

from __future__ import annotations

import re

_EXPRESSION = re.compile(r"\{([^{}/]*)\}")
_ALLOWED = re.compile(r"[^\x00-\x20\x7f?#\\]*\Z")


class TemplateError(ValueError):
    """The path is not a template; the message says why."""


def template_names(path: str) -> list[str]:
    """Return the names in a template, in order. Raises `TemplateError`."""
    if not path.startswith("/"):
        raise TemplateError("it must start with /")
    if not _ALLOWED.match(path):
        raise TemplateError("it must not hold a query, spaces or backslashes")
    names = _EXPRESSION.findall(path)
    if "{" in (rest := _EXPRESSION.sub("", path)) or "}" in rest:
        raise TemplateError("its braces do not match")
    if "" in names:
        raise TemplateError("an expression has no name")
    if len(set(names)) != len(names):
        raise TemplateError("a name stands in it twice")
    return names


def template_form(path: str) -> str:
    """Return a template without its names: equal for templates that match the same paths."""
    return _EXPRESSION.sub("{}", path)


def derived_id(method: str, path: str) -> str:
    """Return an operation id for an operation that has none: `GET /books/{id}` becomes `get-books-by-id`."""
    named = _EXPRESSION.sub(lambda match: f"by-{match[1]}", path)
    words = re.findall(r"[A-Za-z0-9_.]+", named)
    return "-".join([method.lower(), *words])


def fill_template(path: str, segments: dict[str, str]) -> str:
    """Return the path with each `{name}` replaced by its segment, one that is not declared by `x`."""
    return _EXPRESSION.sub(lambda match: segments.get(match[1], "x"), path)
