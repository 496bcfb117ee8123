"""Scripts as an import finds them: taken apart where they are plain, kept and told where they are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yett.collections.model import Assertion, Extraction, Script
from yett.collections.scripts import Translation, translate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yett.collections.reading import Spot


@dataclass(frozen=True, slots=True)
class Scripted:
    """What became of scripts: what they say, those that say more, and all of them as they were."""

    assertions: tuple[Assertion, ...] = ()
    extractions: tuple[Extraction, ...] = ()
    scripts: tuple[Script, ...] = ()
    originals: tuple[Script, ...] = ()


def read_scripts(found: Iterable[tuple[Spot, str, str]], *, translating: bool = True) -> Scripted:
    """Take scripts apart, each with where it stands and when it is for (`before` or `after` the answer)."""
    assertions: list[Assertion] = []
    extractions: list[Extraction] = []
    kept: list[Script] = []
    originals: list[Script] = []
    for spot, when, text in found:
        script = Script("before" if when == "before" else "after", text)
        originals.append(script)
        said = translate(text) if translating and script.when == "after" else None
        if said is not None:
            assertions += (one for one in said.assertions if one not in assertions)
            taken = {one.variable for one in said.extractions}
            # Of two with one name, the later counts: as in a run of the script.
            extractions = [*(one for one in extractions if one.variable not in taken), *_last(said.extractions)]
        if said is None or not said.whole:
            kept.append(script)
            spot.note("script-kept", _words(said), "say what it checks with `expect`, and what it takes with `extract`")
    return Scripted(tuple(assertions), tuple(extractions), tuple(kept), tuple(originals))


def _words(said: Translation | None) -> str:
    if said is None:
        return "a script is kept, and no run runs it"
    return (
        f"a script is kept, and no run runs it: {said.understood} of its {said.statements} statements became assertions"
    )


def _last(extractions: tuple[Extraction, ...]) -> list[Extraction]:
    return list({one.variable: one for one in extractions}.values())
