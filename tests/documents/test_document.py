"""Reading documents: values, lines, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.documents import Document, DocumentError, Limits, read_document

if TYPE_CHECKING:
    from yett.model.diagnostic import Diagnostic


def read(text: str | bytes, file: str = "a.yaml", limits: Limits | None = None) -> Document:
    return read_document(text.encode() if isinstance(text, str) else text, file=file, limits=limits)


def refusal(text: str | bytes, file: str = "a.yaml", limits: Limits | None = None) -> tuple[Diagnostic, ...]:
    with pytest.raises(DocumentError) as caught:
        read(text, file, limits)
    return caught.value.diagnostics


def codes(text: str | bytes, file: str = "a.yaml", limits: Limits | None = None) -> list[str]:
    return [one.code for one in refusal(text, file, limits)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("True", True),
        ("~", None),
        ("null", None),
        ("", None),
        ("2020-01-01", "2020-01-01"),
        ("1:30", "1:30"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("-1", -1),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("!!int '12'", 12),
        ("!!float 1", 1.0),
        ("!!null ''", None),
        ("! 12", "12"),
    ],
)
def test_a_scalar_is_read_by_the_core_schema(text: str, value: Any) -> None:
    found = read(f"a: {text}").value["a"]
    assert (type(found), found) == (type(value), value)


def test_keys_when_they_look_like_numbers_then_stay_text() -> None:
    assert read("200: a\ntrue: b\n1.0: c\nnull: d").value == {"200": "a", "true": "b", "1.0": "c", "null": "d"}


def test_lines_when_asked_by_pointer_then_name_the_key() -> None:
    document = read("a:\n  - 1\n  - x: 2\n\n    y~/: [3,\n      4]")
    pointers = ["", "/a", "/a/0", "/a/1/x", "/a/1/y~0~1", "/a/1/y~0~1/1", "/a/1/missing/deeper", "/a/9"]
    assert [document.line(pointer) for pointer in pointers] == [1, 1, 2, 3, 5, 6, 3, 1]
    assert document.line_at(["a", 1, "y~/"]) == 5


def test_json_lines_when_asked_then_equal_those_of_yaml() -> None:
    value = {"a": [1, {"b": 'x\\"y', "": [[], {}, None]}], "c\\": {"d": -1.5e3}}
    text = json.dumps(value, indent=1)
    as_json, as_yaml = read(text, "a.json"), read("# not JSON\n" + text)
    assert as_json.value == as_yaml.value == value
    for pointer in ("", "/a", "/a/1/b", "/a/1//2", "/c\\/d"):
        assert as_json.line(pointer) + 1 == as_yaml.line(pointer)


def test_merge_keys_when_plain_then_are_spread_below_what_stands_there() -> None:
    document = read("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  <<: [*a, *b]\n  x: 0\nd: {'<<': 1}")
    assert document.value["c"] == {"x": 0, "y": 2, "z": 4}
    assert document.value["d"] == {"<<": 1}
    assert (document.line("/c/x"), document.line("/c/z")) == (5, 2)


def test_merge_keys_when_not_a_mapping_then_are_refused() -> None:
    assert codes("<<: [1]") == ["invalid-merge"]


@pytest.mark.parametrize("file", ["a.yaml", "a.json"])
def test_duplicate_keys_when_found_then_all_are_named_with_both_lines(file: str) -> None:
    found = refusal('{"a": 1,\n "b": {"c": 1,\n "c": 2},\n "a": 3}', file)
    assert [(one.code, one.line, one.pointer) for one in found] == [
        ("duplicate-key", 3, "/b/c"),
        ("duplicate-key", 4, "/a"),
    ]
    assert ["line 2" in found[0].message, "line 1" in found[1].message] == [True, True]


def test_several_mistakes_when_they_can_be_read_past_then_come_together() -> None:
    assert codes("a: .inf\nb: !!binary aGk=\na: 1e999") == [
        "number-not-finite",
        "unsupported-tag",
        "duplicate-key",
        "number-out-of-range",
    ]


@pytest.mark.parametrize(
    ("text", "file", "code"),
    [
        ("a: 1\n---\nb: 2", "a.yaml", "several-documents"),
        ("? [1]\n: 2", "a.yaml", "key-not-text"),
        ("a: &x 1\n*x : 2", "a.yaml", "key-not-text"),
        ("a: *x", "a.yaml", "alias-unknown"),
        ("&x [*x]", "a.yaml", "alias-recursive"),
        ("a: !!python/object:os.system {}", "a.yaml", "unsupported-tag"),
        ("a: [1", "a.yaml", "syntax"),
        ("a: \x01", "a.yaml", "syntax"),
        ("a: .nan", "a.yaml", "number-not-finite"),
        ("a: " + "9" * 5000, "a.yaml", "number-out-of-range"),
        (b"a: \xff", "a.yaml", "not-utf8"),
        ("a: 1".encode("utf-16"), "a.yaml", "not-utf8"),
        ("a: 1", "a.json", "syntax"),
        ("", "a.json", "syntax"),
        ("[NaN]", "a.json", "number-not-finite"),
        ("[-Infinity]", "a.json", "number-not-finite"),
        ("[1e999]", "a.json", "number-out-of-range"),
        ("[" + "9" * 5000 + "]", "a.json", "number-out-of-range"),
        ('["\\ud800"]', "a.json", "not-utf8"),
        ('{"\\udc00": 1}', "a.json", "not-utf8"),
        ('{"a": 1} x', "a.json", "syntax"),
    ],
)
def test_a_document_when_it_is_ambiguous_or_broken_then_is_refused(text: str | bytes, file: str, code: str) -> None:
    found = refusal(text, file)
    assert {one.code for one in found} == {code}
    assert all(one.hint and one.message and one.file == file for one in found)


def test_a_document_with_a_byte_order_mark_when_read_then_the_mark_is_dropped() -> None:
    assert read(b"\xef\xbb\xbfa: 1").value == {"a": 1}


@pytest.mark.parametrize("file", ["a.yaml", "a.json"])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_when_ten_megabytes_deep_then_is_refused_at_the_limit(file: str, opening: str) -> None:
    assert codes(opening * (10_000_000 // len(opening)), file) == ["too-deep"]


def test_nesting_when_exactly_at_the_limit_then_passes() -> None:
    for file in ("a.yaml", "a.json"):
        read("[[[]]]", file, Limits(max_depth=3))
        assert codes("[[[[]]]]", file, Limits(max_depth=3)) == ["too-deep"]


def test_nesting_when_built_from_aliases_then_counts_what_it_expands_to() -> None:
    chain = "\n".join(f"k{i}: &k{i} [*k{i - 1}]" for i in range(1, 50))
    assert codes(f"k0: &k0 []\n{chain}", limits=Limits(max_depth=40)) == ["too-deep"]


def test_an_alias_bomb_when_it_would_expand_past_the_limit_then_is_refused() -> None:
    rows = "".join(f"l{i}: &l{i} [{','.join([f'*l{i - 1}'] * 10)}]\n" for i in range(1, 12))
    assert codes(f"l0: &l0 [x]\n{rows}") == ["too-many-nodes"]


def test_a_document_when_larger_than_the_limits_then_is_refused() -> None:
    assert codes("a: 1", limits=Limits(max_bytes=3)) == ["document-too-large"]
    assert codes("[1,1,1,1]", "a.json", Limits(max_nodes=4)) == ["too-many-nodes"]
    assert codes("[1,1,1,1]", "a.yaml", Limits(max_nodes=4)) == ["too-many-nodes"]


def test_mistakes_when_there_are_thousands_then_only_the_first_hundred_are_told() -> None:
    assert len(refusal("\n".join(["a: 1"] * 5000))) == 100


plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain_values)
def test_json_when_written_from_any_value_then_reads_back_the_same(value: Any) -> None:
    document = read(json.dumps(value), "a.json")
    assert document.value == value
    assert document.line("/0/a") >= 1


@given(st.binary(max_size=200) | st.text(alphabet="{}[]:,&*!<>-?|\"'\n\\ \tab01.#%@`", max_size=80).map(str.encode))
def test_any_bytes_when_read_then_give_a_document_or_diagnostics(data: bytes) -> None:
    for file in ("a.yaml", "a.json", "a"):
        try:
            document = read(data, file)
        except DocumentError as error:
            assert error.diagnostics  # noqa: PT017
        else:
            json.dumps(document.value, allow_nan=False, ensure_ascii=False).encode()
            assert document.line("/a/0") >= 1
