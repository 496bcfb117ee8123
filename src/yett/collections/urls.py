"""Addresses as collections write them: with `{{variables}}`, with `:name` in the path, with the query beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from yett.collections.model import Pair

if TYPE_CHECKING:
    from collections.abc import Sequence

_TEMPLATE: Final = re.compile(r"\{\{.{0,200}?\}\}")
_PARTS: Final = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?([^/]*)(/.*)?", re.DOTALL)


def split_query(url: str) -> tuple[str, tuple[Pair, ...], str]:
    """An address without its query, the query's parameters as they are written, and the fragment."""
    held: list[str] = []

    def hide(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"\x00{len(held) - 1}\x01"

    def show(text: str) -> str:
        return re.sub("\x00(\\d+)\x01", lambda found: held[int(found[1])], text)

    hidden = _TEMPLATE.sub(hide, url.replace("\x00", "").replace("\x01", ""))
    rest, _, fragment = hidden.partition("#")
    address, _, query = rest.partition("?")
    pairs = [one.partition("=") for one in query.split("&") if one]
    return show(address), tuple(Pair(show(name), show(value)) for name, _, value in pairs), show(fragment)


def join_query(url: str, query: Sequence[Pair]) -> str:
    """The address with the enabled parameters of a query."""
    sent = "&".join(f"{one.name}={one.value}" for one in query if one.enabled)
    return f"{url}?{sent}" if sent else url


def parts_of(url: str) -> tuple[str, str, list[str]]:
    """The scheme (empty where there is none), the authority, and the segments of the path."""
    found = _PARTS.fullmatch(url)
    if found is None:
        return "", url, []
    path = found[3] or ""
    return found[1] or "", found[2], path.split("/")[1:] if path else []
