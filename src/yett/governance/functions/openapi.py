"""Checks of a document, or a schema in it, against what OpenAPI itself allows."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from yett.governance.functions.examples import usable
from yett.governance.functions.schemas import problems_of
from yett.governance.rule import ABSENT, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yett.governance.rule import Question


@cache
def _description(name: str) -> Any:
    text = files("yett.governance").joinpath("descriptions", f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def document(value: Any, _options: Any, question: Question) -> Iterator[Problem]:
    """The document must be of the form that its version of OpenAPI describes."""
    formats = question.subject.formats
    name = "openapi-2" if "oas2" in formats else "openapi-3.0" if "oas3_0" in formats else "openapi-3.1"
    told: set[tuple[str | int, ...]] = set()
    for problem in problems_of(value, _description(name), "draft2020-12"):
        if problem.path not in told:
            told.add(problem.path)
            yield problem


def schema(value: Any, options: Any, question: Question) -> Iterator[Problem]:
    """It must fit `schema`, written as OpenAPI writes schemas."""
    if value is not ABSENT:
        draft = "draft2020-12" if question.subject.formats & {"oas3_1", "oas3_2"} else "draft4"
        yield from problems_of(value, usable(options["schema"], question.subject), draft)
