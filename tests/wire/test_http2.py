"""HTTP/2 on the wire: each case is refused, or becomes exactly one well-formed HTTP/1.1 request."""

from __future__ import annotations

import pytest

from tests.e2e.gateways import eventually
from tests.wire.cases.frames import CASES2, Case2
from tests.wire.http2 import CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, block, frame, headers, pseudo, talk2
from tests.wire.stage import Stage
from tests.wire.verdicts import expected, faults2, result2

REFUSED_STREAM = 7


@pytest.mark.parametrize("case", CASES2, ids=str)
def test_a_case_leads_to_its_verdict(stage: Stage, case: Case2) -> None:
    talk, heard = stage.play2(case)
    assert faults2(case, talk, heard) == [], case.why
    assert result2(case, talk, heard) is expected(case), "the conformance page says otherwise"


def test_a_head_over_the_limit_is_refused_with_an_event(stage: Stage) -> None:
    assert stage.gateway is not None
    before = len(stage.gateway.events())
    # In frames of at most 16 KiB each.
    fields = block([*pseudo(), *[("x-a", "b" * 4000)] * 10])
    head = frame(HEADERS, END_STREAM, 1, fields[:16_000])
    rest = frame(CONTINUATION, 0, 1, fields[16_000:32_000]) + frame(CONTINUATION, END_HEADERS, 1, fields[32_000:])
    seen = talk2(stage.http2, head + rest)
    assert (seen.statuses, seen.in_step) == ({1: 431}, True)
    gateway = stage.gateway
    told = eventually(
        lambda: [event for event in gateway.events()[before:] if event["status"] == 431], "no event tells"
    )
    assert [event["code"] for event in told] == ["headers-too-large"]


def test_streams_over_the_limit_are_refused_and_those_within_it_go_on(stage: Stage) -> None:
    limit, over = 100, 5
    streams = range(1, 2 * (limit + over), 2)
    # Each of them goes on: it has a body that does not come.
    opened = b"".join(headers(pseudo(method="POST"), stream, END_HEADERS) for stream in streams)
    ended = frame(DATA, END_STREAM, 1, b"x")
    seen = talk2(stage.http2, opened + ended, streams=over + 1)
    assert seen.reset == dict.fromkeys(streams[limit:], REFUSED_STREAM)
    assert (seen.statuses, seen.goaway, seen.in_step) == ({1: 200}, None, True)
