"""JSONPath as rulesets write it: RFC 9535 with conditions in ECMAScript, `~` for keys and `^` for what holds something.

`compile_path` is the door. Nothing here knows rules, contracts or files.
"""

from __future__ import annotations

from yett.governance.jsonpath.expression import PathError, Place
from yett.governance.jsonpath.path import Index, Path, compile_path
from yett.governance.jsonpath.patterns import Pattern, PatternError, pattern_of

__all__ = ["Index", "Path", "PathError", "Pattern", "PatternError", "Place", "compile_path", "pattern_of"]
