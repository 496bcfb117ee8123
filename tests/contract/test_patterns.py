"""Regular expressions are translated to a linear-time syntax, or refused with a reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.contracts import codes, document, load, operation_contract, schema_contract, schema_of
from tests.contract.json_schema_suite import deny
from yett.contract.patterns import PatternError, translate_pattern
from yett.contract.texts import sample_text

if TYPE_CHECKING:
    from pathlib import Path


def matches(pattern: str, text: str) -> bool:
    translated = translate_pattern(pattern)
    options = jsonschema_rs.RegexOptions()
    return bool(
        jsonschema_rs.Draft202012Validator({"pattern": translated}, pattern_options=options, retriever=deny).is_valid(
            text
        )
    )


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"^\d+$", "12", True),
        (r"^\d$", "٣", False),
        (r"^\w$", "é", False),
        (r"^\s$", "\ufeff", True),
        (r"^\S$", "\u00a0", False),
        (r"^.$", "\r", False),
        (r"^[^]$", "\n", True),
        (r"[]", "a", False),
        (r"^\/a\-b$", "/a-b", True),
        (r"^\cA\x41\u0042\u{43}$", "\x01ABC", True),
        (r"^\ud83d\ude00$", "😀", True),
        (r"^(?<year>\d{4})$", "2024", True),
        (r"^[\w.-]+$", "a-b.c", True),
        (r"^[a-z&&b]+$", "&b", True),
        (r"^[[a]+$", "[a", True),
        (r"^a{$", "a{", True),
        (r"^\p{Lu}$", "É", True),
        (r"a\b", "a b", True),
        (r"^[\b]$", "\x08", True),
        (r"abc$", "abc\n", False),
        (r"^a|b$", "xb", True),
        (r"(?i)^abc$", "ABC", True),
        (r"^[+--]$", ",", True),
        (r"^[~-~]$", "~", True),
    ],
)
def test_a_pattern_when_translated_then_means_what_ecma_262_says(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    "pattern",
    [r"(?=a)", r"(?!a)", r"(?<=a)", r"(?<!a)", r"(a)\1", r"(?<a>b)\k<a>", r"a(?!b)c"],
)
def test_a_pattern_when_not_linear_then_says_so(pattern: str) -> None:
    with pytest.raises(PatternError, match="linear time"):
        translate_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(", ")", "[a", "\\", r"\Z", r"\u12", r"\c1", "[z-a]", "a{2,1}", "(?>a)", "x" * 20_000]
)
def test_a_pattern_when_not_valid_then_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        translate_pattern(pattern)


@given(st.text(alphabet=r"ab1 \/[]^-.$|()?*+{}&~dwsSDWbBuxcpkZ0<>=!:,", max_size=14))
def test_any_text_when_translated_then_gives_a_pattern_or_a_reason(pattern: str) -> None:
    try:
        translated = translate_pattern(pattern)
    except PatternError as error:
        assert str(error)  # noqa: PT017 - either end is right
    else:
        sample_text(translated)


simple = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "[^a]", r"\d", r"\w", "[a-c1]", r"\.", "é"]),
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, st.sampled_from(["?", "*", "+", "{1,2}"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}")
        | st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})")
    ),
    max_leaves=6,
)


@given(simple, st.text(alphabet="abc1.é ", max_size=6))
def test_a_simple_pattern_when_translated_then_agrees_with_another_engine(pattern: str, text: str) -> None:
    expected = re.search(f"^(?:{pattern})$", text, re.ASCII) is not None and not text.endswith("\n")
    assert matches(f"^(?:{pattern})$", text) is expected


@given(simple)
def test_a_sample_when_made_for_a_pattern_then_matches_it(pattern: str) -> None:
    text = sample_text(translate_pattern(f"^{pattern}$"))
    assert text is None or matches(f"^{pattern}$", text)


LOOKING = {"type": "string", "pattern": "^(?!x)"}


def test_a_pattern_when_not_linear_then_is_an_error_by_default(tmp_path: Path) -> None:
    contract = schema_contract(tmp_path, LOOKING)
    assert codes(contract) == ["pattern-not-linear"]
    assert contract.errors[0].pointer.endswith("/schema/pattern")


def body(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def test_a_pattern_when_the_operation_waives_it_then_is_told_as_not_enforced(tmp_path: Path) -> None:
    contract = operation_contract(tmp_path, {"x-yett-pattern": "unenforced", **body(LOOKING)})
    assert codes(contract) == ["pattern-not-enforced"]
    assert contract.errors == ()
    assert schema_of(contract) == {"type": "string"}


def test_a_shared_pattern_when_only_one_operation_waives_it_then_stays_an_error(tmp_path: Path) -> None:
    reference = body({"$ref": "#/components/schemas/Name"})
    paths = {"/a": {"post": {"x-yett-pattern": "unenforced", **reference}}, "/b": {"post": reference}}
    contract = load(tmp_path, document(paths, components={"schemas": {"Name": LOOKING}}))
    assert codes(contract) == ["pattern-not-enforced", "pattern-not-linear"]


def test_patterns_when_unenforced_for_the_whole_contract_then_are_warnings(tmp_path: Path) -> None:
    content = document({"/a": {"post": body({"patternProperties": {"^(?=a)": {"type": "string"}}})}})
    contract = load(tmp_path, content, patterns="unenforced")
    assert codes(contract) == ["pattern-not-enforced"]


def test_a_property_pattern_when_left_out_then_nothing_else_is_refused_for_it(tmp_path: Path) -> None:
    schema = {"patternProperties": {"^(?=a)": {}, "^b": {}}, "additionalProperties": False}
    contract = load(tmp_path, document({"/a": {"post": body(schema)}}), patterns="unenforced")
    assert schema_of(contract) == {"patternProperties": {"^b": {}}}
