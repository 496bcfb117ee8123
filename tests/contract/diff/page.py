"""The pages of the kinds of change, and the part of the conformance page about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.diff.labels import DISAGREE, NOT_ABOUT_ITS_PAIR
from yett.contract.diff.kinds import BODIES, OPERATIONS, PARAMETERS, SCHEMAS

if TYPE_CHECKING:
    from yett.contract.diff.kinds import Kind

_HEAD = """\
# Kinds of change

What `yett diff` tells apart, and how bad each is for those who call: `breaking`, they break; `potential`, they may
break, which the contracts alone do not tell; `safe`, they do not. Where a change can travel both ways there are two
answers: towards the API, asking for more breaks callers; back from it, promising less does. These pages are generated.
"""

_COLUMNS = "| kind | request | response | what callers are told | why |\n| --- | --- | --- | --- | --- |"

_CONFORMANCE = """\
## Changes between contracts

{pairs} labelled pairs of contracts of another comparison, {labels} labels that say whether callers break: {agreed}
agree. Of the rest, {strange} do not speak of their pair (the labels were gathered mechanically), and {differ} are
deliberate:

| pair | why |
| --- | --- |
"""


_GROUPS = {
    "operations.md": ("Operations and security", OPERATIONS),
    "parameters.md": ("Parameters", PARAMETERS),
    "bodies.md": ("Bodies, answers and header fields", BODIES),
    "schemas.md": ("Schemas", SCHEMAS),
}
PAGES = ("README.md", *_GROUPS)


def kinds_page(name: str) -> str:
    """One page: the kinds of change about one thing, or where to find which."""
    if name == "README.md":
        rows = (f"| [{title}]({page}) | {len(kinds)} |\n" for page, (title, kinds) in _GROUPS.items())
        return f"{_HEAD}\n| about | kinds |\n| --- | --- |\n{''.join(rows)}"
    title, kinds = _GROUPS[name]
    return f"# {title}\n\n{_COLUMNS}{''.join(map(_row, kinds.values()))}\n"


def _row(kind: Kind) -> str:
    told = kind.sentence.replace("{", "*").replace("}", "*")
    return f"\n| `{kind.id}` | {kind.request} | {kind.response or ''} | {told} | {kind.why} |"


def conformance_part(pairs: int, agreed: int, differing: list[str]) -> str:
    """How far labels and changes agree. `differing` names the pair of each label that does not."""
    strange = sum(name in NOT_ABOUT_ITS_PAIR for name in differing)
    head = _CONFORMANCE.format(
        pairs=pairs, labels=agreed + len(differing), agreed=agreed, strange=strange, differ=len(differing) - strange
    )
    rows = {**{name: f"not about its pair: {why}" for name, why in NOT_ABOUT_ITS_PAIR.items()}, **DISAGREE}
    return head + "".join(f"| {name} | {why} |\n" for name, why in rows.items())
