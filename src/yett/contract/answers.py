"""Answers made from a contract's examples, and where it has none from its schemas: what a mock says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from yett.contract.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.contract.contract import Contract, Operation

_UNSAID: Final = {"DEFAULT": 500, "1XX": 100, "2XX": 200, "3XX": 300, "4XX": 400, "5XX": 500}
_NOTHING: Final = (204, 205, 304)


def example_answers(contract: Contract, operation: Operation) -> list[dict[str, Any]]:
    """The answers that an operation may give, in the JSON form of the snapshot's `MockAnswer`, successes first.

    Each documented status has one for each of its media types that can be made up; a range such as `4XX` is its first.
    """
    samples = Samples("urn:yett:response", contract.response_schemas)
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for response in operation.responses:
        status = _status(str(response["status"]))
        # What comes before the answer is no answer.
        if status >= 200:
            for answer in _answers(status, response, operation, samples):
                found.setdefault((status, answer.get("content_type", "")), answer)
    return sorted(found.values(), key=lambda answer: (not 200 <= answer["status"] < 300, answer["status"]))


def _status(said: str) -> int:
    return int(said) if said.isdigit() else _UNSAID[said.upper()]


def _answers(status: int, response: dict[str, Any], operation: Operation, samples: Samples) -> Iterator[dict[str, Any]]:
    media = [] if status in _NOTHING else response.get("media", [])
    made = [(one["range"], text) for one in media if (text := _text(response, one, operation, samples)) is not None]
    if not made:
        yield {"status": status}
    for name, text in made:
        yield {
            "status": status,
            "content_type": name.replace("*/*", "text/plain").replace("/*", "/plain"),
            "body": text,
        }


def _text(response: dict[str, Any], media: dict[str, Any], operation: Operation, samples: Samples) -> str | None:
    """The body of an answer; `None` for a media type that nothing can be made up for."""
    declared = operation.examples.answers.get((str(response["status"]).upper(), media["range"]))
    if media["kind"] == "json":
        value = declared[0] if declared else samples.sample(media.get("schema", True))
        return json.dumps(value, ensure_ascii=False)
    if declared:
        return declared[0] if isinstance(declared[0], str) else json.dumps(declared[0], ensure_ascii=False)
    return "example" if media["range"].startswith("text/") else None
