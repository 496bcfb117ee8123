"""Formats: what is written is read again, what cannot be is told, and nothing a file holds is an exception."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.collections.strategies import COLLECTIONS, SIMPLE
from yett.collections import WRITTEN, Collection, Exported, export_files, import_files
from yett.collections.formats import recognised

BOUNDS = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FORMS = tuple(one for one in WRITTEN if one != "openapi")
OTHERS = tuple(one for one in FORMS if one != "yett")


def again(written: Exported, form: str) -> Any:
    files = {name or "collection": text.encode() for name, text in written.files.items() if "environment-" not in name}
    return import_files(files, form, place="back")


@BOUNDS
@given(COLLECTIONS)
def test_our_own_form_holds_everything(collection: Collection) -> None:
    written = export_files(collection, "yett")
    back = again(written, "yett")
    assert (written.diagnostics, back.collection) == ((), collection)


@pytest.mark.parametrize("form", OTHERS)
@BOUNDS
@given(collection=st.one_of(SIMPLE, COLLECTIONS))
def test_whatever_is_lost_on_the_way_is_told(form: str, collection: Collection) -> None:
    written = export_files(collection, form)
    back = again(written, form)
    assert back.collection is not None
    if not written.diagnostics and not back.diagnostics:
        assert back.collection == collection


JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=10,
)
KEYS = st.sampled_from(
    [
        "info",
        "item",
        "items",
        "name",
        "request",
        "url",
        "header",
        "body",
        "mode",
        "raw",
        "event",
        "script",
        "exec",
        "auth",
        "type",
        "bearer",
        "variable",
        "key",
        "value",
        "response",
        "log",
        "entries",
        "postData",
        "params",
        "resources",
        "_type",
        "_id",
        "parentId",
        "collection",
        "children",
        "environments",
        "data",
        "meta",
        "http",
        "runtime",
        "assertions",
        "expect",
        "headers",
        "query",
        "parameters",
        "disabled",
        "yett_collection",
        "description",
        "content",
        "status",
        "method",
    ]
)
SHAPED = st.recursive(
    st.one_of(
        JUNK, st.sampled_from(["request", "request_group", "workspace", "raw", "bearer", "http://a.test/{{x}}?a=b#c"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=30,
)


@pytest.mark.parametrize("form", ["yett", "postman", "har", "insomnia", "opencollection"])
@BOUNDS
@given(value=SHAPED)
def test_junk_is_told_and_never_an_exception(form: str, value: Any) -> None:
    document = value if isinstance(value, dict) else {"info": value}
    if form == "insomnia" and "resources" not in document:
        document = {"resources": value, **document}
    read = import_files({"a.json": json.dumps(document).encode()}, form)
    if read.collection is not None:
        for each in FORMS:
            assert again(export_files(read.collection, each), each).collection is not None


@BOUNDS
@given(
    st.dictionaries(
        st.sampled_from(["a.bru", "b/c.bru", "bruno.json", "collection.bru", "environments/x.bru"]),
        st.one_of(st.binary(max_size=60), st.text(max_size=80).map(str.encode)),
        min_size=1,
    )
)
def test_junk_in_a_folder_is_told_too(files: Mapping[str, bytes]) -> None:
    assert import_files(files, "bruno").collection is not None


@pytest.mark.parametrize("form", ["postman", "insomnia", "har", "opencollection", "yett"])
def test_what_is_deeper_than_people_nest_is_refused_or_cut_with_a_word(form: str) -> None:
    key = {"postman": "item", "insomnia": "children", "opencollection": "items", "yett": "items", "har": "log"}[form]
    value: Any = {"name": "end", "request": "http://a.test", "url": "http://a.test"}
    for _ in range(40):
        value = {"name": "folder", key: [value]}
    tops: dict[str, Any] = {
        "postman": {"info": {"name": "x"}, "item": [value]},
        "insomnia": {"type": "collection.insomnia.rest/5.0", "collection": [value]},
        "opencollection": {"opencollection": "1.0.0", "items": [value]},
        "yett": {"yett_collection": 1, "name": "x", "items": [value]},
        "har": {"log": {"entries": [value]}},
    }
    read = import_files({"a.json": json.dumps(tops[form]).encode()})
    assert read.format == form
    assert read.diagnostics
    far = b'{"log":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert [one.code for one in import_files({"a.json": far}).diagnostics] == ["too-deep"]


def test_a_folder_that_is_its_own_parent_is_told() -> None:
    resources = [
        {"_id": "a", "_type": "request_group", "parentId": "b", "name": "a"},
        {"_id": "b", "_type": "request_group", "parentId": "a", "name": "b"},
        {"_id": "c", "_type": "request_group", "parentId": "c", "name": "c"},
    ]
    read = import_files({"a.json": json.dumps({"_type": "export", "resources": resources}).encode()})
    assert read.collection is not None
    assert read.collection.items == ()
    assert [one.code for one in read.diagnostics] == ["not-kept"] * 3


def test_a_file_of_too_many_bytes_is_refused() -> None:
    read = import_files({"a.json": b'"' + b"x" * (65 * 1024 * 1024) + b'"'})
    assert (read.collection, [one.code for one in read.diagnostics]) == (None, ["document-too-large"])


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"yett_collection": 1}, "yett"),
        ({"info": {"name": "x"}, "item": []}, "postman"),
        ({"log": {"entries": []}}, "har"),
        ({"_type": "export", "resources": []}, "insomnia"),
        ({"type": "collection.insomnia.rest/5.0"}, "insomnia"),
        ({"opencollection": "1.0.0"}, "opencollection"),
        ({"openapi": "3.1.0", "info": {}}, "openapi"),
        ({"a": 1}, ""),
        ([], ""),
    ],
)
def test_a_format_is_recognised_by_what_it_holds(value: Any, form: str) -> None:
    assert recognised(value) == form


def test_what_is_no_collection_names_the_formats() -> None:
    read = import_files({"a.json": b'{"a": 1}'}, place="a.json")
    assert read.collection is None
    assert "postman" in read.diagnostics[0].hint
    assert import_files({}).diagnostics[0].code == "collection-missing"
