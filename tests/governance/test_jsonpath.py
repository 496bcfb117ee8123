"""Paths as rulesets write them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.governance.jsonpath import Index, PathError, PatternError, compile_path, pattern_of

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/a": {
            "get": {
                "parameters": [{"in": "body", "name": "x"}, {"in": "query", "name": "y_id"}],
                "responses": {"200": {"type": "array"}, "404": {"type": ["string", "null"], "enum": []}},
            },
            "x-note": 1,
        },
        "/b/": {"put": {"example": None}},
    },
    "tags": [{"name": "b"}, {"name": "a"}],
}


def led(path: str) -> list[str]:
    places = compile_path(path).places(Index(DOCUMENT))
    return ["/".join(map(str, place.path)) for place in places]


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("$", [""]),
        ("$.tags[0].name", ["tags/0/name"]),
        ("$.tags[-1]", ["tags/1"]),
        ("$.tags[-1:]", ["tags/1"]),
        ("$.tags[::-1].name", ["tags/1/name", "tags/0/name"]),
        ("$['paths']['/a']['get','put'].responses[200]", ["paths//a/get/responses/200"]),
        ("$.paths[*][get,put]", ["paths//a/get", "paths//b//put"]),
        ("$.paths[*]~", ["paths//a", "paths//b/"]),
        ("$.paths.*.*~", ["paths//a/get", "paths//a/x-note", "paths//b//put"]),
        ("$..name", ["paths//a/get/parameters/0/name", "paths//a/get/parameters/1/name", "tags/0/name", "tags/1/name"]),
        ("$..parameters[?(@.in === 'body')]", ["paths//a/get/parameters/0"]),
        ("$..parameters[?(@.in == 'body')]^", ["paths//a/get/parameters"]),
        ("$..[?(@property && @property.match(/^x-/))]", ["paths//a/x-note"]),
        ("$..[?(@ && @.name && /_id$/.test(@.name))]", ["paths//a/get/parameters/1"]),
        ("$..[?(@ && @.type && @.type.includes('string'))]", ["paths//a/get/responses/404"]),
        ("$..[?(@ && @.enum && @.enum.length === 0)]", ["paths//a/get/responses/404"]),
        ("$..[?(@ && @.example !== void 0)]", ["paths//b//put"]),
        ("$..[?(@ && @.example === undefined && @.put)]", ["paths//b/"]),
        ("$.paths[?(!/^\\/b/.test(@property))]", ["paths//a"]),
        ("$.paths[?(@property.endsWith('/') || @property == 'c')]", ["paths//b/"]),
        ("$.paths..[?(@parentProperty === 'responses' && @property > '200')]", ["paths//a/get/responses/404"]),
        ("$.nothing.here[*]", []),
        ("$.tags[?(typeof @.name === 'string' && ['a', 'c'].includes(@.name))]", ["tags/1"]),
        ("$.tags[?(@.name.nothing.nowhere)]", []),
    ],
)
def test_a_path_leads_to_its_places(path: str, places: list[str]) -> None:
    assert sorted(led(path)) == sorted(places)


@pytest.mark.parametrize(
    "path",
    ["", "paths", "$.", "$[", "$['a", "$[?(@.a", "$[?(@.a ==)]", "$[?(process.exit())]", "$~.a", "$.a]", "$[?(@.a())]"],
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(PathError):
        compile_path(path)


@given(st.text(alphabet="$.[]*~^?()@'\"/\\abc=!&|<>, 0:", max_size=40))
def test_a_text_is_a_path_or_is_refused_and_never_anything_else(text: str) -> None:
    try:
        path = compile_path("$" + text)
    except PathError:
        return
    list(path.places(Index(DOCUMENT)))


def test_a_pattern_that_would_take_for_ever_is_given_up_soon() -> None:
    began = time.monotonic()
    with pytest.raises(PatternError, match="takes too long"):
        pattern_of("^(a|aa)+$").search("a" * 60 + "!")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("/^ABC$/i", "abc", True),
        ("^a$", "a\n", False),
        ("[^]b", "\nb", True),
        ("^(?!x)", "xy", False),
        (r"^\d+$", "12", True),
    ],
)
def test_patterns_are_read_as_ecmascript_reads_them(pattern: str, text: str, matches: bool) -> None:
    assert pattern_of(pattern).search(text) is matches


def test_a_pattern_that_cannot_be_read_says_so() -> None:
    with pytest.raises(PatternError, match="cannot be read"):
        pattern_of("(")
