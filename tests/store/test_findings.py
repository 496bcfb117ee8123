"""Findings in the store."""

from __future__ import annotations

from dataclasses import replace

from yett.model.stolen import Finding
from yett.store import Database, FindingStore

FOUND = Finding("finding-1", "leaked-key", "critical", "k1", (("place", "log"),), 100, 110, 3)


def test_the_same_finding_counts_on_and_keeps_when_it_was_first() -> None:
    store = FindingStore(Database.in_memory())
    store.note([(FOUND, 3)])
    later = replace(FOUND, evidence=(("place", "mail"),), first_seen=150, last_seen=200, count=1)
    store.note([(later, 1)])
    assert store.all() == [replace(later, first_seen=100, count=4)]


def test_what_was_not_seen_for_long_is_forgotten() -> None:
    store = FindingStore(Database.in_memory())
    store.note([(FOUND, 3), (replace(FOUND, id="finding-2", last_seen=300), 1)])
    assert [one.id for one in store.all(since=200)] == ["finding-2"]
    assert store.sweep(before=200) == 1
    assert [one.id for one in store.all()] == ["finding-2"]
