"""The sets of values: attacks and texts without harm of other people, and of `benign.py`. Each value counts once."""

from __future__ import annotations

import gzip
import json
import os
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, unquote_plus

from bench.efficacy.benign import benign_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ROOT: Final = Path(__file__).resolve().parents[2]
_FREE: Final = ("query", "form", "json")
# Shares that OWASP CRS 4.29 blocks at the paranoia levels 1 to 3, measured on whole sources by others; in percent.
_REFERENCE: Final = {
    "parameters: commands": (50.0, 60.0, 76.7),
    "parameters: paths": (63.9, 67.0, 67.0),
    "parameters: ordinary": (0.0, 1.2, 1.2),
    "mixed attacks": (69.3, 81.4, 88.6),
}


@dataclass(frozen=True)
class Set:
    """Values of one class, where they are placed, and what CRS blocks of their source, where that is known."""

    name: str
    attack: bool
    values: tuple[str, ...]
    placements: tuple[str, ...] = _FREE
    reference: tuple[float, float, float] | None = None


def corpora() -> Path:
    """Where the corpora are."""
    return Path(os.environ.get("YETT_CORPORA", _ROOT.parent / "shared" / "corpora"))


def all_sets(most: int) -> list[Set]:
    """Every set there is, attacks first; of each at most `most` values, taken evenly."""
    made: dict[tuple[str, bool, tuple[str, ...]], dict[str, None]] = {}
    for name, attack, placements, value in [*_attacks(), *_ordinary()]:
        made.setdefault((name, attack, placements), {})[value] = None
    return [
        Set(name, attack, tuple(_thinned(list(values), most)), placements, _REFERENCE.get(name))
        for (name, attack, placements), values in made.items()
    ]


def _thinned(values: list[str], most: int) -> list[str]:
    return values if len(values) <= most else [values[index * len(values) // most] for index in range(most)]


def _rows(name: str) -> Iterator[dict[str, Any]]:
    path = corpora() / "waf" / name
    if not path.exists():
        return
    with gzip.open(path, "rt") if name.endswith(".gz") else path.open() as lines:
        yield from map(json.loads, lines)


_Value = tuple[str, bool, tuple[str, ...], str]
_KINDS: Final = {"sqli": "SQL", "xss": "scripts", "cmdi": "commands", "path-traversal": "paths", "norm": "ordinary"}


def _attacks() -> Iterable[_Value]:
    for row in _rows("httpparams-train.jsonl.gz"):
        if row["type"] != "norm":
            yield f"parameters: {_KINDS[row['type']]}", True, _FREE, row["payload"]
    for row in _rows("libinjection-attacks.jsonl.gz"):
        kind = _KINDS[row["file"].split("-")[0]]
        yield f"parser tests: {kind}", True, _FREE, unquote_plus(row["payload_urlencoded"], errors="replace")
    for row in _rows("modsec-learn-malicious-train.jsonl.gz"):
        yield "query strings: SQL", True, _FREE, unquote_plus(row["query"].partition("=")[2], errors="replace")
    for row in _rows("gotestwaf-attacks.jsonl"):
        yield from _mixed(row)


def _mixed(row: dict[str, Any]) -> Iterator[_Value]:
    """Cases with encoders and places of their own."""
    if "XMLBody" in row["placeholders"]:
        yield from (("mixed attacks: XML", True, ("xml",), one) for one in row["payloads"])
        return
    if row["placeholders"] == ["UserAgent"]:
        yield from (("mixed attacks: agents", True, ("header",), one) for one in row["payloads"])
        return
    for payload in row["payloads"]:
        if "URL" in row["encoders"]:
            yield "mixed attacks", True, _FREE, payload
        if "Plain" in row["encoders"]:
            yield "mixed attacks", True, _FREE, unquote(payload, errors="replace")
        if "Base64Flat" in row["encoders"]:
            yield "mixed attacks in base64", True, _FREE, b64encode(payload.encode()).decode().rstrip("=")


def _ordinary() -> Iterable[_Value]:
    for row in _rows("httpparams-train.jsonl.gz"):
        if row["type"] == "norm":
            yield "parameters: ordinary", False, _FREE, row["payload"]
    texts = corpora() / "pii/presidio-synth-v2.json.gz"
    if texts.exists():
        with gzip.open(texts, "rt") as document:
            yield from (("texts with personal data", False, _FREE, one["full_text"]) for one in json.load(document))
    for path in sorted((corpora() / "specs").glob("*.json.gz")):
        with gzip.open(path, "rt") as document:
            yield from (("words of contracts", False, _FREE, text) for text in _words(json.load(document)))
    yield from ((f"ours: {kind}", False, _FREE, text) for kind, text in benign_texts())


def _words(node: Any) -> Iterator[str]:
    """Titles, descriptions and examples of a contract."""
    if isinstance(node, list):
        for item in node:
            yield from _words(item)
    elif isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, str) and name in {"title", "summary", "description", "example"}:
                yield value
            else:
                yield from _words(value)
