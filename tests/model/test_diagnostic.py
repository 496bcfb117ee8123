"""Diagnostics."""

from __future__ import annotations

import itertools

from yett.model.diagnostic import Diagnostic, first_of, has_errors, in_order
from yett.model.place import NOWHERE, Place


def test_a_place_is_a_file_with_its_line_where_there_is_one() -> None:
    assert Diagnostic("a.yaml", 3, "", "c", "m").place == str(Place("a.yaml", 3)) == "a.yaml:3"
    assert Diagnostic("a.yaml", 0, "", "c", "m").place == str(Place("a.yaml")) == "a.yaml"


def test_diagnostics_come_by_place_and_each_once() -> None:
    first, second = Place("a.yaml", 2).diagnostic("c", "m"), Place("a.yaml", 10).diagnostic("c", "m")
    assert in_order([second, first, second]) == (first, second)


def test_warnings_alone_are_no_errors() -> None:
    warning = NOWHERE.diagnostic("c", "m", severity="warning")
    assert not has_errors([warning])
    assert has_errors([warning, NOWHERE.diagnostic("c", "m")])


def test_more_diagnostics_than_anybody_reads_are_counted_off_and_not_made() -> None:
    endless = (NOWHERE.diagnostic("c", str(number)) for number in itertools.count())
    found = list(first_of(endless, most=3))
    assert [one.code for one in found] == ["c", "c", "c", "more-mistakes"]
    assert next(endless).message == "4"
