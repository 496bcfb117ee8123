"""`signatures/` is what the engine has in it, and says what it means. What they find, the engine's tests say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.signature_bundle import read_signatures, write_bundle
from yett.model.api import Family, Level

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "signatures"
BUNDLE = ROOT / "crates/yett-engine/src/guards/injection/signatures.json"
ALL = read_signatures(SOURCES)


@pytest.mark.generated
def test_the_bundle_is_fresh(keep: Callable[[Path, str], None]) -> None:
    keep(BUNDLE, write_bundle(SOURCES))


@pytest.mark.parametrize(("path", "signature"), ALL, ids=[path.stem for path, _ in ALL])
def test_a_signature_says_what_it_means(path: Path, signature: dict[str, Any]) -> None:
    assert (signature["id"], signature["family"]) == (path.stem, path.parent.name)
    assert signature["family"] in get_args(Family)
    assert signature["level"] in get_args(Level)
    assert signature["title"]
    assert signature["needs"]
    assert signature["positive"]
    assert signature["negative"]


def test_every_family_has_signatures() -> None:
    assert {signature["family"] for _, signature in ALL} == set(get_args(Family))
