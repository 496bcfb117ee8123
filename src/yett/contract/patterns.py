"""Translates regular expressions from ECMA-262, which JSON Schema uses, to the syntax of a linear-time matcher.

The target is the syntax of the `regex` crate. Look-around and backreferences have no linear-time form and are refused;
so is what is not valid ECMA-262, because guessing what the author meant would enforce something nobody wrote.
"""

from __future__ import annotations

import re

MAX_LENGTH = 10_000

_SPACE = r"\t\n\x0B\x0C\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}"
_CLASSES = {
    "d": ("[0-9]", "0-9"),
    "D": ("[^0-9]", "[^0-9]"),
    "w": ("[0-9A-Za-z_]", "0-9A-Za-z_"),
    "W": ("[^0-9A-Za-z_]", "[^0-9A-Za-z_]"),
    "s": (f"[{_SPACE}]", _SPACE),
    "S": (f"[^{_SPACE}]", f"[^{_SPACE}]"),
}
_CONTROLS = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}
_QUANTIFIER = re.compile(r"\{(\d{1,9})(,(\d{0,9}))?\}")
_PROPERTY = re.compile(r"\{[A-Za-z_][A-Za-z0-9_=]*\}")
_NAMED = re.compile(r"\?P?<[^>=!\\()]*>")
_MODIFIERS = re.compile(r"\?([ims]*)(?:-([ims]+))?(:|\))")
_LITERAL = frozenset(r"\.+*?()|[]{}^$#&-~/")
_LOOKS = {"?=": "look-ahead", "?!": "negative look-ahead", "?<=": "look-behind", "?<!": "negative look-behind"}


class PatternError(ValueError):
    """The pattern cannot be enforced; the message says why, in words that end a sentence."""


def translate_pattern(pattern: str) -> str:
    """Return the pattern in the syntax of the `regex` crate. Raises `PatternError`."""
    if len(pattern) > MAX_LENGTH:
        raise PatternError(f"it is longer than {MAX_LENGTH} characters")
    return _Translation(pattern).run()


class _Translation:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.depth = 0
        self.out: list[str] = []

    def run(self) -> str:
        while self.at < len(self.text):
            self.step()
        if self.depth:
            raise PatternError("a group is not closed")
        return "".join(self.out)

    def step(self) -> None:
        char = self.text[self.at]
        self.at += 1
        if char == "\\":
            self.out.append(self.escape())
        elif char == "[":
            self.out.append(self.char_class())
        elif char == "(":
            self.group()
        elif char == ")":
            self.depth -= 1
            if self.depth < 0:
                raise PatternError("a group is closed that was never opened")
            self.out.append(")")
        else:
            self.out.append(self.plain(char))

    def plain(self, char: str) -> str:
        if char == ".":
            return r"[^\n\r\u{2028}\u{2029}]"
        if char in "^$|*+?":
            return char
        if char == "{":
            return self.quantifier()
        return literal(char)

    def quantifier(self) -> str:
        match = _QUANTIFIER.match(self.text, self.at - 1)
        if match is None:
            return r"\{"
        low, high = int(match[1]), int(match[3]) if match[3] else None
        if high is not None and high < low:
            raise PatternError(f"the range {match[0]} is upside down")
        self.at = match.end()
        return match[0]

    def group(self) -> None:
        self.depth += 1
        for opening, name in _LOOKS.items():
            if self.text.startswith(opening, self.at):
                raise PatternError(f"it uses {name} ({opening}...), which cannot be matched in linear time")
        if not self.text.startswith("?", self.at):
            self.out.append("(")
        elif named := _NAMED.match(self.text, self.at):
            # Without backreferences nobody can ask for the name.
            self.at = named.end()
            self.out.append("(?:")
        else:
            self.modifiers()

    def modifiers(self) -> None:
        match = _MODIFIERS.match(self.text, self.at)
        if match is None:
            raise PatternError(f"the group ({self.text[self.at : self.at + 3]}... is not known")
        self.at = match.end()
        if match[3] == ")":
            self.depth -= 1
        self.out.append("(" + match[0])

    def escape(self) -> str:
        char = self.next_char()
        if char in _CLASSES:
            return _CLASSES[char][0]
        if char in "123456789":
            raise PatternError(f"it uses a backreference (\\{char}), which cannot be matched in linear time")
        if char == "k":
            raise PatternError("it uses a backreference (\\k), which cannot be matched in linear time")
        if char == "b":
            return r"(?-u:\b)"
        if char == "B":
            return r"\B"
        return self.escaped(char)

    def escaped(self, char: str) -> str:
        """An escape that means the same inside and outside a class."""
        if char in "pP":
            match = _PROPERTY.match(self.text, self.at)
            if match is None:
                raise PatternError(f"\\{char} needs a property in braces")
            self.at = match.end()
            return f"\\{char}{match[0]}"
        return literal(self.escaped_char(char))

    def escaped_char(self, char: str) -> str:
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char == "0" and not self.text[self.at : self.at + 1].isdigit():
            return "\0"
        if char == "c":
            return self.control()
        if char == "x":
            return chr(self.hexadecimal(2))
        if char == "u":
            return self.unicode()
        if char.isascii() and char.isalnum():
            raise PatternError(f"\\{char} is not an escape of ECMA-262")
        return char

    def control(self) -> str:
        char = self.next_char()
        if not (char.isascii() and char.isalpha()):
            raise PatternError("\\c needs a letter")
        return chr(ord(char) % 32)

    def unicode(self) -> str:
        if self.text.startswith("{", self.at):
            return self.braced()
        code = self.hexadecimal(4)
        if 0xD800 <= code < 0xDC00 and self.text.startswith("\\u", self.at):
            self.at += 2
            low = self.hexadecimal(4)
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00))
        return self.scalar(code)

    def braced(self) -> str:
        end = self.text.find("}", self.at)
        digits = self.text[self.at + 1 : end] if end > 0 else ""
        if not re.fullmatch(r"[0-9a-fA-F]{1,8}", digits):
            raise PatternError("\\u{ needs hexadecimal digits and a brace")
        self.at = end + 1
        return self.scalar(int(digits, 16))

    def scalar(self, code: int) -> str:
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise PatternError(f"\\u{code:X} is not a character")
        return chr(code)

    def hexadecimal(self, count: int) -> int:
        digits = self.text[self.at : self.at + count]
        if not re.fullmatch(f"[0-9a-fA-F]{{{count}}}", digits):
            raise PatternError(f"an escape needs {count} hexadecimal digits")
        self.at += count
        return int(digits, 16)

    def next_char(self) -> str:
        if self.at >= len(self.text):
            raise PatternError("it ends inside an escape or a class")
        char = self.text[self.at]
        self.at += 1
        return char

    def char_class(self) -> str:
        negated = self.text.startswith("^", self.at)
        self.at += negated
        parts: list[str] = []
        while (part := self.class_atom()) is not None:
            parts.append(self.class_range(part))
        if not parts:
            return r"[\x00-\u{10FFFF}]" if negated else r"[^\x00-\u{10FFFF}]"
        return f"[{'^' if negated else ''}{''.join(parts)}]"

    def class_range(self, low: str) -> str:
        """Continue an atom with `-` and a second one where that makes a range."""
        start = self.at
        if not self.text.startswith("-", self.at) or self.text.startswith("-]", self.at):
            return low
        self.at += 1
        high = self.class_atom()
        if high is None or not (is_single(low) and is_single(high)):
            self.at = start + 1
            return low + r"\-"
        if char_of(low) > char_of(high):
            raise PatternError("a range in a class is upside down")
        return f"{low}-{high}"

    def class_atom(self) -> str | None:
        """Return the next character or class, ready to stand inside brackets; `None` at the closing one."""
        char = self.next_char()
        if char == "]":
            return None
        if char != "\\":
            return literal(char)
        char = self.next_char()
        if char in _CLASSES:
            return _CLASSES[char][1]
        if char == "b":
            return r"\x08"
        if char in "123456789k":
            raise PatternError(f"\\{char} has no meaning inside a class")
        return self.escaped(char)


def literal(char: str) -> str:
    """Return one character so that it stands for itself, inside a class or outside."""
    if char in _LITERAL:
        return "\\" + char
    if ord(char) < 32 or char == "\x7f":
        return f"\\x{ord(char):02X}"
    return char


def is_single(atom: str) -> bool:
    """Whether an atom of a class is one character."""
    return len(atom) == 1 or (len(atom) == 2 and atom[0] == "\\") or atom.startswith("\\x")


def char_of(atom: str) -> int:
    """Return the code of a single character as `literal` wrote it."""
    is_code = atom.startswith("\\x") and len(atom) == 4
    return int(atom.removeprefix("\\x"), base=16) if is_code else ord(atom[-1])
