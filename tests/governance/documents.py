"""Documents and rulesets for the tests of this room."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yett.documents import Document, read_document
from yett.governance.lint import lint
from yett.governance.rule import Finding
from yett.governance.ruleset import Ruleset, load_ruleset


def document_of(value: Any) -> Document:
    """A document with this value."""
    return read_document(json.dumps(value).encode(), file="api.json")


def ruleset_of(folder: Path, value: Any) -> Ruleset:
    """The ruleset with this value."""
    path = folder / "rules.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return load_ruleset(str(path))


def found(folder: Path, rules: Any, value: Any) -> tuple[Finding, ...]:
    """What rules find in a document."""
    ruleset = ruleset_of(folder, {"rules": rules})
    assert ruleset.diagnostics == ()
    return lint(document_of(value), ruleset)
