"""What upstreams answer on the wire: a wrong answer is a 502 or a cut connection, and never the next caller's."""

from __future__ import annotations

import pytest

from tests.wire.caller import talk
from tests.wire.cases.answers import SAID, Said
from tests.wire.cases.spell import get, raw
from tests.wire.stage import Stage
from tests.wire.strict import HOP_BY_HOP
from tests.wire.upstream import CLOSE


@pytest.mark.parametrize("said", SAID, ids=str)
def test_an_answer_reaches_its_caller_sound_or_not_at_all(stage: Stage, said: Said) -> None:
    stage.upstream.forget()
    stage.upstream.answering = lambda _: said.sent + (CLOSE if said.closes else b"")
    seen = talk(stage.port, raw(get()))
    assert not seen.garbage.startswith(b"HTTP/") or not said.whole, seen
    if not said.whole:
        assert all(answer.status == 502 for answer in seen.answers), "a part of an answer looks whole"
        assert seen.closed or seen.answers, seen
        return
    answer = seen.answers[0]
    assert answer.status == said.status, (said.why, answer)
    assert len(seen.answers) == 1, "an answer that nobody asked for"
    names = {name for name, _ in answer.headers}
    assert not names & {*said.absent, *HOP_BY_HOP} - {"connection"}
    assert said.body is None or answer.body == said.body
    assert seen.in_step, "the next request got no answer, or another's"


def test_an_answer_too_many_is_not_given_to_the_next_caller(stage: Stage) -> None:
    stage.upstream.forget()
    evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    stage.upstream.answering = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" + evil
    for _ in range(5):
        bodies = [answer.body for answer in talk(stage.port, raw(get())).answers]
        assert bodies == [b"hi"]
