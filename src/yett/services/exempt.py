"""Turn a false alarm of the injection guard into an exception for that operation, place, name and family."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yett.documents.insertion import insert_item
from yett.errors import YettError
from yett.services.assembly import assemble


@dataclass(frozen=True, slots=True)
class Exemption:
    """An exception, the file that it belongs to, and the text of that file with it."""

    exception: Mapping[str, Any]
    api: str
    file: Path
    text: str


def find_exemption(
    config: str, decision: str, log: Path, environment: Mapping[str, str], *, narrow: bool = False
) -> Exemption:
    """What the access log says of a decision, as an exception in the configuration at `config`.

    With `narrow` it holds for the one signature instead of its family. Nothing is written. Raises `YettError` where the
    log does not have the decision, or nothing was found in its request.
    """
    event = _event(log, decision)
    matched = event.get("matched")
    if not isinstance(matched, dict) or matched.get("guard") != "injection":
        raise YettError(
            f"the injection guard found nothing in the request of decision {decision}", code="nothing-found"
        )
    api = str(event["api"])
    exception: dict[str, Any] = {}
    if "operation" in event:
        exception["operation"] = str(event["operation"]).removeprefix(f"{api}:")
    exception |= {"in": matched["in"], "name": matched["name"]}
    exception |= {"signatures": [matched["signature"]]} if narrow else {"families": [matched["family"]]}
    settings = assemble(config, environment, need_secrets=False).configuration
    place = next((one.place for one in settings.apis if one.name == api), None)
    if place is None:
        raise YettError(f"the configuration has no API `{api}`", code="unknown-api")
    file = Path(place.file)
    path = [int(part) if part.isdigit() else part for part in place.pointer.strip("/").split("/")]
    text = insert_item(file.read_text(encoding="utf-8"), [*path, "guards", "injection", "exceptions"], exception)
    return Exemption(exception, api, file, text)


def write_exemption(exemption: Exemption) -> None:
    """Put the changed text in the place of the file, whole or not at all."""
    fresh = exemption.file.with_name(f".{exemption.file.name}.new")
    fresh.write_text(exemption.text, encoding="utf-8")
    fresh.chmod(exemption.file.stat().st_mode)
    fresh.replace(exemption.file)


def _event(log: Path, decision: str) -> Mapping[str, Any]:
    for event in _events(log):
        if event.get("decision") == decision:
            return event
    raise YettError(f"{log} has no decision {decision}", code="unknown-decision", hint="name the log with `--log`")


def _events(log: Path) -> Iterator[Mapping[str, Any]]:
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                yield event
