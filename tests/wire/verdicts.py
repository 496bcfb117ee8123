"""Cases, what they must lead to, and how what came of one is held against that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.wire.caller import Talk
    from tests.wire.cases.frames import Case2
    from tests.wire.http2 import Talk2
    from tests.wire.upstream import Heard


class Verdict(Enum):
    """What a case must lead to."""

    CLOSED = "refused and closed"
    REFUSED = "refused"
    ONE = "one request"


class Result(Enum):
    """What a case led to: a column of the comparison."""

    REFUSED = "refused"
    ONE = "one request"
    PASSED = "passed unsound"
    """A request went on that has two readings, or something of the hop."""
    MORE = "more requests"
    """The upstream read other requests than were meant."""
    SILENT = "waits"
    """Neither an answer nor an end."""


@dataclass(frozen=True)
class Case:
    """Bytes and what must come of them."""

    name: str
    group: str
    sent: bytes
    verdict: Verdict
    why: str
    count: int = 1
    """How many requests go on, in order, when the verdict is `ONE`; otherwise how many may go on before the refusal."""
    target: str | None = None
    body: bytes | None = None
    absent: tuple[str, ...] = ()
    present: tuple[tuple[str, str], ...] = ()
    more: tuple[bytes, ...] = ()
    ends: bool = False
    closes: bool = False
    """The connection ends after the answer, though nothing is refused."""

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"


def result(case: Case, talk: Talk, heard: Heard) -> Result:
    """Return what came of a case, of whatever gateway."""
    meant = case.count
    if len(heard.requests) > meant:
        return Result.MORE
    if heard.fault or _spoilt(case, heard):
        return Result.PASSED
    refused = any(status >= 400 for status in talk.statuses) or (talk.closed and len(talk.answers) < meant)
    if heard.requests and not (refused and case.verdict is not Verdict.ONE):
        return Result.ONE
    return Result.REFUSED if refused else Result.SILENT


def _spoilt(case: Case, heard: Heard) -> bool:
    """Whether what went on has something that had to be taken off or read otherwise."""
    first = heard.requests[0] if heard.requests else None
    return first is not None and any(first.values(name) for name in case.absent)


def faults(case: Case, talk: Talk, heard: Heard) -> list[str]:
    """Return why what came of a case is not what must; nothing if it is."""
    seen = f"statuses {talk.statuses}, closed {talk.closed}, upstream {heard.requests}"
    found = [f"upstream got {heard.fault}"] if heard.fault else []
    if talk.garbage:
        found.append(f"the caller got {talk.garbage[:80]!r}")
    if case.verdict is not Verdict.ONE:
        return found + _refusal_faults(case, talk, heard, seen)
    if len(heard.requests) != case.count or talk.statuses != (200,) * case.count:
        return [*found, f"not {case.count} request(s): {seen}"]
    if not case.ends and talk.in_step == case.closes:
        found.append(f"the connection should {'end' if case.closes else 'go on'}: {seen}")
    return found + _request_faults(case, heard)


def _refusal_faults(case: Case, talk: Talk, heard: Heard, seen: str) -> list[str]:
    found = []
    before = case.count if case.count > 1 else 0
    if len(heard.requests) > before:
        found.append(f"went on: {seen}")
    if case.ends and talk.closed and not talk.answers:
        return found  # Who left half-way is owed nothing.
    if not talk.answers or not 400 <= talk.statuses[-1] < 500:
        found.append(f"no refusal: {seen}")
    elif dict(talk.answers[-1].headers).get("content-type") != "application/problem+json":
        found.append(f"the refusal is no problem: {talk.answers[-1]}")
    if case.verdict is Verdict.CLOSED and not talk.closed:
        found.append(f"not closed: {seen}")
    return found


def _request_faults(case: Case, heard: Heard) -> list[str]:
    request = heard.requests[0]
    found = [f"{name} went on" for name in case.absent if request.values(name)]
    found += [f"{name} is not {value!r}" for name, value in case.present if request.values(name) != [value]]
    if case.target is not None and request.target != case.target:
        found.append(f"the target is {request.target!r}")
    if case.body is not None and request.body != case.body:
        found.append(f"the body is {request.body!r}")
    return found


def result2(case: Case2, talk: Talk2, heard: Heard) -> Result:
    """Return what came of a case of HTTP/2, of whatever gateway."""
    meant = max(case.may_pass, 1)
    if len(heard.requests) > meant:
        return Result.MORE
    first = heard.requests[0] if heard.requests else None
    spoilt = first is not None and any(first.values(name) for name in case.absent)
    if heard.fault or spoilt or _is_cut(case, heard):
        return Result.PASSED
    ended = talk.closed or talk.goaway is not None or bool(talk.reset)
    refused = ended or any(status >= 400 for status in talk.statuses.values())
    if heard.requests and not (refused and case.verdict is not Verdict.ONE):
        return Result.ONE
    return Result.REFUSED if refused else Result.SILENT


def _is_cut(case: Case2, heard: Heard) -> bool:
    """Whether the upstream took something else than the body that was sent for the body."""
    return case.body is not None and any(request.body != case.body for request in heard.requests)


def faults2(case: Case2, talk: Talk2, heard: Heard) -> list[str]:
    """Return why what came of a case is not what must; nothing if it is."""
    seen = f"{talk}, upstream {heard.requests[:3]}"
    found = [f"upstream got {heard.fault}"] if heard.fault else []
    if case.verdict is Verdict.ONE:
        if len(heard.requests) != 1 or talk.statuses != {1: 200} or not talk.in_step:
            return [*found, f"not one request: {seen}"]
        request = heard.requests[0]
        found += [f"{name} went on" for name in case.absent if request.values(name)]
        return found + ([f"the body is {request.body!r}"] if case.body not in (None, request.body) else [])
    if len(heard.requests) > case.may_pass:
        found.append(f"went on: {seen}")
    if case.verdict is Verdict.CLOSED:
        return found if talk.closed or talk.goaway is not None else [*found, f"not closed: {seen}"]
    refused = bool(talk.reset) or 400 <= talk.statuses.get(1, 0) < 500 or talk.closed
    return found if refused else [*found, f"no refusal: {seen}"]


def expected(case: Case | Case2) -> Result:
    """Return what must come of a case, as a column of the comparison."""
    return Result.ONE if case.verdict is Verdict.ONE else Result.REFUSED
