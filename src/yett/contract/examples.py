"""Builds an example request for each operation: from the contract's own examples, else from its schemas."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from yett.contract.samples import Samples
from yett.contract.spelling import header_value, path_segment, query_pairs, scalar
from yett.contract.templates import fill_template

if TYPE_CHECKING:
    from yett.contract.contract import Contract, Operation

_BOUNDARY = "yett-example"

# In a path segment these are refused by careful servers, encoded or not.
_UNSAFE_IN_PATHS = frozenset("/\\%")


@dataclass(frozen=True, slots=True)
class ExampleRequest:
    """A request as it is sent, relative to the base path of the API.

    `path` and `query` (without `?`) are percent-encoded, `headers` in lower case; cookies and the content type are
    among the headers.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes | None


def example_request(contract: Contract, operation: Operation) -> ExampleRequest:
    """Return a request with everything that `operation` requires."""
    return _Example(contract, operation).build()


class _Example:
    def __init__(self, contract: Contract, operation: Operation) -> None:
        self.operation = operation
        self.samples = Samples("urn:yett:request", contract.request_schemas)

    def build(self) -> ExampleRequest:
        headers = {one["name"]: header_value(one, self.value(one)) for one in self.required("header")}
        if cookies := self.pairs("cookie"):
            headers["cookie"] = "; ".join(f"{name}={quote(text)}" for name, text in cookies)
        body = self.body()
        if body is not None:
            headers["content-type"] = body[0]
        whole = [quote(scalar(self.value(one)), safe="=&") for one in self.required("querystring")]
        query = "".join(whole) or urlencode(self.pairs("query"), quote_via=quote)
        return ExampleRequest(self.operation.method, self.path(), query, headers, body[1] if body else None)

    def required(self, location: str) -> list[dict[str, Any]]:
        return [one for one in self.operation.parameters if one["in"] == location and one.get("required")]

    def value(self, parameter: dict[str, Any]) -> Any:
        key = (parameter["in"], parameter["name"])
        declared = self.operation.examples.parameters
        value = declared[key] if key in declared else self.samples.sample(parameter["schema"])
        return json.dumps(value) if "media" in parameter and not isinstance(value, str) else value

    def path(self) -> str:
        segments = {one["name"]: self.segment(one) for one in self.required("path")}
        return fill_template(self.operation.path, segments)

    def segment(self, parameter: dict[str, Any]) -> str:
        for value in (self.value(parameter), self.samples.sample(parameter["schema"])):
            text = scalar(value)
            if text not in ("", ".", "..") and not _UNSAFE_IN_PATHS & set(text):
                return path_segment(parameter, value)
        return path_segment(parameter, "x")

    def pairs(self, location: str) -> list[tuple[str, str]]:
        return [pair for one in self.required(location) for pair in query_pairs(one, self.value(one))]

    def body(self) -> tuple[str, bytes] | None:
        body = self.operation.body
        declared = self.operation.examples.body
        if body is None or not (body["media"] and (body.get("required") or declared)):
            return None
        media = body["media"][0]
        if declared is not None:
            media = next((one for one in body["media"] if one["range"] == declared[0]), media)
            return self.written(media, declared[1])
        return self.written(media, self.samples.sample(media.get("schema", True)))

    def written(self, media: dict[str, Any], value: Any) -> tuple[str, bytes]:
        name = media["range"].replace("*/*", "application/octet-stream").replace("/*", "/plain")
        kind = media["kind"]
        if kind == "json":
            return name, json.dumps(value, ensure_ascii=False).encode()
        if kind == "form" and isinstance(value, dict):
            return name, urlencode(self.fields(media, value), quote_via=quote).encode()
        if kind == "multipart" and isinstance(value, dict):
            return f"{name}; boundary={_BOUNDARY}", self.parts(value)
        return name, scalar(value).encode()

    def fields(self, media: dict[str, Any], value: dict[str, Any]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for name, item in value.items():
            encoding = media.get("encoding", {}).get(name, {})
            style = encoding.get("style", "form")
            explode = encoding.get("explode", style in ("form", "deepObject"))
            found.extend(query_pairs({"name": name, "style": style, "explode": explode}, item))
        return found

    def parts(self, value: dict[str, Any]) -> bytes:
        lines: list[str] = []
        for name, item in value.items():
            disposition = f'content-disposition: form-data; name="{quote(name)}"'
            kind = ["content-type: application/json"] if isinstance(item, dict | list) else []
            lines += [f"--{_BOUNDARY}", disposition, *kind, "", scalar(item)]
        return "\r\n".join([*lines, f"--{_BOUNDARY}--", ""]).encode()
