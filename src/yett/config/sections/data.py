"""`guards.mask` and `guards.leaks`: what of answers and requests must not be seen."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, WithJsonSchema

from yett.config.sections.base import Shape
from yett.config.sections.scalars import mistake
from yett.model.data import DETECTED, LeaksGuard, MaskBy, MaskGuard
from yett.model.mode import Mode
from yett.model.suggestion import did_you_mean

CLASS: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*")


def _class(text: str) -> str:
    if len(text) > 64 or not CLASS.fullmatch(text):
        raise mistake("class-invalid", "a class of data is words joined by `.`", "write `pii.email`, `pii` or `secret`")
    return text


def _detected(text: str) -> str:
    if any(one == text or one.startswith(f"{text}.") for one in DETECTED):
        return text
    hint = did_you_mean(text, sorted(DETECTED))
    raise mistake("class-unknown", f"nothing of the class `{text}` can be found in a text", hint)


DataClass = Annotated[str, AfterValidator(_class), WithJsonSchema({"type": "string", "examples": ["pii.email"]})]
"""A class of data, dotted: `pii.email`; `pii` stands for all below it."""

DetectedClass = Annotated[
    str,
    AfterValidator(_class),
    AfterValidator(_detected),
    WithJsonSchema({"type": "string", "examples": list(DETECTED)}),
]
"""A class that can be found in texts, or one above such."""


class MaskRequestsShape(Shape):
    """What requests must not hold."""

    forbid: list[DetectedClass] = Field(default_factory=list)
    """Classes that no request may hold: in its path, query or body."""
    redact: list[DetectedClass] = Field(default_factory=list)
    """Classes that are masked in JSON and text before they go upstream. In the path, the query and forms nothing can be
    masked: there they are refused."""


class MaskGuardShape(Shape):
    """Masks data that the contract classifies (`x-yett-data`) and the caller's profiles do not see."""

    mode: Mode = "enforce"
    """What to do with what must not be seen: mask it, record it, or not look."""
    rules: dict[DataClass, MaskBy] = Field(default_factory=dict)
    """What becomes of data by class. The longest class that covers it counts; without one it is masked."""
    detect: list[DetectedClass] = Field(default_factory=list)
    """Classes that are looked for in the texts of answers, whether or not the contract classifies them."""
    detected: Mode = "enforce"
    """What to do with what was found that way."""
    requests: MaskRequestsShape = MaskRequestsShape()
    """Classes that are kept out of requests."""


class LeaksGuardShape(Shape):
    """Keeps stack traces, SQL errors, internal addresses and versions of the upstream from leaving."""

    mode: Mode = "enforce"
    """What to do with error answers that tell of the inside: replace them, record it, or not look."""
    answers: Mode = "monitor"
    """What to do with other answers that hold a stack trace or an SQL error. In `monitor`, only bodies that are read
    for another reason are looked into."""


def build_mask(shape: MaskGuardShape) -> MaskGuard:
    """The settings of the mask guard."""
    return MaskGuard(
        mode=shape.mode,
        rules=tuple(sorted(shape.rules.items())),
        detect=tuple(dict.fromkeys(shape.detect)),
        detected=shape.detected,
        forbid=tuple(dict.fromkeys(shape.requests.forbid)),
        redact=tuple(dict.fromkeys(shape.requests.redact)),
    )


def build_leaks(shape: LeaksGuardShape) -> LeaksGuard:
    """The settings of the leaks guard."""
    return LeaksGuard(shape.mode, shape.answers)
