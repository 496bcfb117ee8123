"""Black-box cases of another project's mock server, as far as they say which requests fit a contract.

Each file holds a contract, a command line of `curl` and the response that is expected of a mock. What the mock makes up
(bodies, chosen statuses, negotiated types) is not the business of a gateway; whether a request is let through, is.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from yett.contract.templates import template_names
from yett.documents import DocumentError, read_document
from yett.gateway import Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Kind = Literal["openapi", "swagger", "collection"]

_SECTION = re.compile(r"^====([A-Za-z-]+)====$", re.MULTILINE)
_STATUS = re.compile(r"HTTP/1\.1 (\d{3})")
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# Theirs, ours: a request that does not fit the contract is 400 here.
_REFUSALS = {404: 404, 405: 405, 415: 415, 422: 400}

_STEERING = re.compile(r"[?&]__(?:code|example|dynamic)=")
_ROUTING_TITLES = {404: ("routing", "validate-path-params"), 405: ("head-requests", "routing")}

# Accepted or refused on purpose where the other project decides otherwise, and why.
DIFFERENT: dict[str, tuple[int | None, str]] = {
    "head-requests/head_requests-AC-2.oas3.txt": (
        None,
        "HEAD is allowed wherever GET is (RFC 9110, section 9.3.2): let through rather than 405",
    ),
    "validate-path-params/missing-path-param.oas3.txt": (
        400,
        "a path with `//` is read differently by different servers, so it is refused as such: 400 rather than 422",
    ),
}

# Not run, and why.
SET_ASIDE: dict[str, str] = {
    "routing/support-encoded-path.oas3.txt": "its path is no URI path: templates are written as they are sent",
}


@dataclass(frozen=True, slots=True)
class PrismCase:
    """One file: `document` is the text of the contract, `status` what the mock answers."""

    name: str
    title: str
    kind: Kind
    document: str
    mode: str
    request: Request
    status: int
    answer: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a gateway with this contract must do: `status` is `None` where the request is let through.

    `reason` says why a case is not run (`runs` is false) or is decided differently on purpose.
    """

    runs: bool
    status: int | None = None
    reason: str = ""


@dataclass(slots=True)
class _Command:
    method: str = ""
    target: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str | None = None


def read_cases(folder: Path) -> Iterator[PrismCase]:
    """Read every case below `folder`, by name."""
    for path in sorted(folder.rglob("*.t*xt")):
        yield read_case(path, path.relative_to(folder).as_posix())


def read_case(path: Path, name: str) -> PrismCase:
    """Read one file."""
    parts = _SECTION.split(path.read_text(encoding="utf-8"))
    sections = {title.partition("-")[0]: text.strip("\n") for title, text in zip(parts[1::2], parts[2::2], strict=True)}
    status = _STATUS.search(sections["expect"])
    assert status is not None, f"{name} names no status"
    return PrismCase(
        name=name,
        title=" ".join(sections["test"].split()),
        kind=_kind(sections["spec"]),
        document=sections["spec"],
        mode=sections["server"].split()[0],
        request=read_command(sections["command"]),
        status=int(status[1]),
        answer=sections["expect"],
    )


def _kind(document: str) -> Kind:
    if re.search(r"^\s*[\"']?swagger[\"']?\s*:", document, re.MULTILINE):
        return "swagger"
    return "openapi" if re.search(r"[\"']?openapi[\"']?\s*:", document) else "collection"


def read_command(line: str) -> Request:
    """Read a command line of `curl`."""
    command = _Command()
    words = iter(shlex.split(line.replace("\\\n", " "))[1:])
    for word in words:
        _read_word(word, words, command)
    method = command.method or ("GET" if command.body is None else "POST")
    headers = command.headers
    if command.body is not None and "content-type" not in (name for name, _ in headers):
        headers.append(("content-type", "application/x-www-form-urlencoded"))
    return Request(method, command.target, host="localhost", headers=tuple(headers), body=command.body or "")


def _read_word(word: str, words: Iterator[str], command: _Command) -> None:
    if word in ("-X", "--request"):
        command.method = next(words)
    elif word == "-sIXGET":
        command.method = "GET"
    elif word in ("-H", "--header"):
        name, _, value = next(words).partition(":")
        if value.strip():
            command.headers.append((name.strip().lower(), value.strip()))
    elif word in ("-d", "--data"):
        command.body = next(words)
    elif word == "--head":
        command.method = "HEAD"
    elif not word.startswith("-"):
        url = urlsplit(word)
        command.target = (url.path or "/") + (f"?{url.query}" if url.query else "")


def expectation(case: PrismCase) -> Expectation:
    """Say what a gateway must do with a case."""
    if case.name in DIFFERENT:
        status, reason = DIFFERENT[case.name]
        return Expectation(True, status, reason)
    aside = SET_ASIDE.get(case.name) or _set_aside(case)
    if aside:
        return Expectation(False, reason=aside)
    if case.status in _REFUSALS:
        return Expectation(True, _REFUSALS[case.status])
    return Expectation(True)


def _set_aside(case: PrismCase) -> str:
    if case.kind == "swagger":
        return "Swagger 2.0 is not read: convert it to OpenAPI 3"
    if case.kind == "collection":
        return "a collection of requests is no contract"
    if _STEERING.search(case.request.target):
        return "a query parameter that steers the mock; unknown ones are refused here"
    if case.status == 401:
        return "credentials are checked against the gateway's own apps, not against the contract"
    if case.status >= 500 or case.status in (400, 406):
        return "the status tells what the mock could not make up"
    if case.status in (404, 405) and not _is_about_routing(case):
        return "the status is a response of the contract that the mock chose"
    return ""


def _is_about_routing(case: PrismCase) -> bool:
    return case.name.partition("/")[0] in _ROUTING_TITLES.get(case.status, ())


def contract_of(case: PrismCase) -> Any:
    """Return the contract of a case with what OpenAPI requires and the case leaves out."""
    try:
        document = read_document(case.document.encode(), file="spec.yaml").value
    except DocumentError:
        return None
    completed = {"info": {"title": case.name, "version": "1"}, **document}
    completed["paths"] = {path: _with_parameters(path, item) for path, item in document["paths"].items()}
    return _without_notes(completed)


def _without_notes(value: Any) -> Any:
    """Drop what some cases write among media types: text that belongs a level above."""
    if isinstance(value, list):
        return [_without_notes(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_notes(item) for key, item in value.items()}
    content = kept.get("content")
    if isinstance(content, dict):
        kept["content"] = {name: media for name, media in content.items() if isinstance(media, dict)}
    return kept


def _with_parameters(path: str, item: Any) -> Any:
    """Declare path parameters that a case uses without a declaration."""
    declared = {one.get("name") for one in _parameters(item) if one.get("in") == "path"}
    refers = any("$ref" in one for one in _parameters(item))
    missing = [name for name in template_names(path.replace(" ", "")) if name not in declared and not refers]
    added = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in missing]
    return {**item, "parameters": [*item.get("parameters", []), *added]} if added else item


def _parameters(item: dict[str, Any]) -> list[dict[str, Any]]:
    owners = [item, *(item[method] for method in _METHODS if method in item)]
    return [one for owner in owners for one in owner.get("parameters", [])]
