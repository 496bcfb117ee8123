"""The error tree is drawn as it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import yett.errors
from yett.errors import YettError


def test_the_picture_at_the_top_names_every_error_below_its_parent() -> None:
    picture = yett.errors.__doc__ or ""
    lines = list(re.finditer(r"^    ([│├└─ ]*)(\w+Error)", picture, re.MULTILINE))
    drawn = {match[2]: len(match[1]) // 4 for match in lines}
    tree = ast.parse(Path(yett.errors.__file__).read_text(encoding="utf-8"))
    assert list(drawn) == [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    for name, depth in drawn.items():
        assert getattr(yett.errors, name).__mro__.index(YettError) == depth


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [one.code for one in vars(yett.errors).values() if isinstance(one, type) and issubclass(one, YettError)]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)
