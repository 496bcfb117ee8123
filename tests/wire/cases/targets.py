"""Request targets: one spelling, and no way up."""

from __future__ import annotations

from tests.wire.cases.spell import Table, get

paths = Table("path")
_TWO = "two readers would see two paths"
for _name, _target in {
    "dot dot": "/wire/../a",
    "dot": "/wire/./a",
    "dot dot at the end": "/wire/..",
    "dot dot encoded": "/wire/%2e%2e/a",
    "dot dot half encoded": "/wire/.%2E/a",
    "dot encoded": "/wire/%2e/a",
    "dot dot above the root": "/../../etc/passwd",
    "dot dot with a parameter": "/wire/..;x/a",
    "dot dot with an encoded parameter": "/wire/..%3bx/a",
    "slash encoded": "/wire%2fa",
    "slash encoded in capitals": "/wire%2Fa",
    "backslash": "/wire\\a",
    "backslash encoded": "/wire%5ca",
    "dot dot backslash": "/wire/..\\a",
    "dot dot encoded backslash": "/wire/..%5ca",
    "encoded twice": "/wire/%252e%252e/a",
    "slash encoded twice": "/wire%252fa",
    "encoded thrice": "/wire/%25252e",
    "encoded in parts": "/wire/%25%32%65",
    "overlong slash": "/wire/%c0%af",
    "overlong dot": "/wire/%c0%ae%c0%ae/a",
    "overlong in three": "/wire/%e0%80%af",
    "overlong in four": "/wire/%f0%80%80%af",
    "a surrogate": "/wire/%ed%a0%80",
    "no UTF-8": "/wire/%ff",
    "a broken escape": "/wire/%",
    "half an escape": "/wire/%4",
    "an escape of letters": "/wire/%zz",
    "an escape of %u": "/wire/%u002e",
    "NUL": "/wire/%00",
    "NUL before a suffix": "/wire/a%00.json",
    "a line feed": "/wire/%0a",
    "a carriage return": "/wire/%0d",
    "a split request": "/wire/%0d%0aHost:%20evil",
    "a tab": "/wire/%09",
    "DEL": "/wire/%7f",
    "a fragment": "/wire/a#b",
    "a fragment in the query": "/wire/a?b#c",
    "a quote": '/wire/"a',
    "an angle": "/wire/<a>",
    "a pipe": "/wire/a|b",
    "a caret": "/wire/a^b",
    "a backtick": "/wire/a`b",
    "a brace": "/wire/{a}",
    "bytes beyond ASCII": "/wire/\xc3\xa9",
    "a Latin-1 byte": "/wire/\xe9",
    "no slash": "wire/a",
    "a query alone": "?a",
    "a question of nothing": "a?b",
    "an empty segment": "/wire//a",
    "two slashes": "//wire/a",
    "empty segments and dots": "/wire//../a",
}.items():
    paths.refused(_name, get(target=_target), _TWO)
paths.closed("a raw NUL", get(target="/wire/\x00"), "a target is visible ASCII")
paths.closed("a raw DEL", get(target="/wire/\x7f"), "a target is visible ASCII")
for _name, (_target, _spelt) in {
    "plain": ("/wire/a", "/wire/a"),
    "unreserved encoded": ("/wire/%61%7e%2D", "/wire/a~-"),
    "hex in small letters": ("/wire/%c3%a9", "/wire/%C3%A9"),
    "a space encoded": ("/wire/a%20b", "/wire/a%20b"),
    "dots in a name": ("/wire/a..b/...", "/wire/a..b/..."),
    "sub-delimiters": ("/wire/!$&'()*+,=:@", "/wire/!$&'()*+,=:@"),
    "a percent sign": ("/wire/100%25", "/wire/100%25"),
    "a query as it is": ("/wire/a?x=%2e%2e/&y=..;z&%00", "/wire/a?x=%2e%2e/&y=..;z&%00"),
    "an empty query": ("/wire/a?", "/wire/a"),
    "the root": ("/", "/"),
    "a plus": ("/wire/a+b", "/wire/a+b"),
    "a question in the query": ("/wire/a?b?c", "/wire/a?b?c"),
    "full-width dots": ("/wire/%ef%bc%8e%ef%bc%8e/a", "/wire/%EF%BC%8E%EF%BC%8E/a"),
    "a URL in the query": ("/wire/a?u=http://x/../y", "/wire/a?u=http://x/../y"),
}.items():
    paths.one(_name, get(target=_target), "one spelling", target=_spelt)
paths.one("a semicolon", get(target="/wire/a;x=1"), "one spelling")
