"""Secrets that stand in the clear in what is imported: each becomes a variable whose value is held elsewhere."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from yett.collections.model import Pair, Variable
from yett.model.secret import SecretReference

if TYPE_CHECKING:
    from yett.collections.reading import Spot

_WORDS: Final = frozenset(
    {"authorization", "token", "secret", "password", "passwd", "pwd", "passphrase", "apikey", "credential",
     "credentials", "cookie", "jwt", "bearer", "sessionid", "signature"}
)  # fmt: skip
_KEYS: Final = frozenset(
    {"api", "access", "private", "signing", "subscription", "secret", "auth", "encryption", "master"}
)
_HARMLESS_ENDS: Final = frozenset(
    {"url", "uri", "type", "name", "id", "expiry", "expires", "in", "header", "prefix", "method", "endpoint", "ttl",
     "count", "length", "limit", "policy", "path", "field"}
)  # fmt: skip
_FORMS: Final = re.compile(
    r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
    r"|yett(?:cs)?_[a-z0-9]{1,16}_[0-9A-Za-z]{40}(?:_[0-9A-Za-z]{1,6})?"
    r"|\b(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{10,}"
    r"|\bgh[pousr]_[0-9A-Za-z]{30,}|\bgithub_pat_[0-9A-Za-z_]{30,}|\bglpat-[0-9A-Za-z_-]{20,}"
    r"|\bxox[abprs]-[0-9A-Za-z-]{10,}|\bA[KS]IA[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}\b|\bPMAK-[0-9a-f-]{30,}"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,20000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
_SCHEMES: Final = re.compile(r"(?i)(bearer|basic|token|apikey|digest|negotiate)\s+(\S.*)", re.DOTALL)
_TEMPLATE: Final = re.compile(r"\{\{[^{}]{1,200}\}\}")
_USERINFO: Final = re.compile(r"(?i)^([a-z][a-z0-9+.-]{0,20}://[^/?#@:\s]{0,200}:)([^/?#@\s]{1,500})(@)")
_MOST: Final = 500


def names_a_secret(name: str) -> bool:
    """Whether what is called so is probably a secret: `apiKey` and `X-Auth-Token` are, `token_url` is not."""
    words = [one for one in re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name[:200]).lower()) if one]
    if not words or words[-1] in _HARMLESS_ENDS:
        return False
    return any(one in _WORDS for one in words) or any(
        left in _KEYS and right == "key" for left, right in pairwise(words)
    )


def is_template(text: str) -> bool:
    """Whether a text is nothing but variables (and so holds no secret itself)."""
    return not _TEMPLATE.sub("", text).strip(" :")


class Vault:
    """Takes secrets out of texts. One literal becomes one variable, wherever it stands."""

    def __init__(self, taken: tuple[str, ...] = ()) -> None:
        self._variables: dict[str, Variable] = {}
        self._names = set(taken)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables that stand for what was taken out."""
        return tuple(self._variables.values())

    def reserve(self, names: set[str]) -> None:
        """Names of variables that are in use."""
        self._names |= names

    def named(self, spot: Spot, name: str, text: str, *, certain: bool = False) -> str:
        """The value of what is called `name`, without a secret: known by its name, or by its form."""
        if not text or is_template(text):
            return text
        if not (certain or names_a_secret(name)):
            return self.free(spot, text)
        scheme = _SCHEMES.fullmatch(text)
        if scheme is not None:
            held = scheme[2]
            return text if is_template(held) else f"{scheme[1]} {self._put(spot, name, held)}"
        return self._put(spot, name, text)

    def free(self, spot: Spot, text: str) -> str:
        """A text without what has the form of a secret."""
        if "://" in text[:40] and (found := _USERINFO.match(text)) and not is_template(found[2]):
            text = f"{found[1]}{self._put(spot, 'url password', found[2])}{found[3]}{text[found.end() :]}"
        return _FORMS.sub(lambda found: self._put(spot, "secret", found[0]), text)

    def reference(self, spot: Spot, name: str, text: str, *, certain: bool = False) -> str | SecretReference:
        """The value of a variable: a reference where it is a secret."""
        if not text or is_template(text):
            return text
        whole = _FORMS.fullmatch(text) is not None
        if not (certain or whole or names_a_secret(name)):
            return self.free(spot, text)
        reference = SecretReference("env", _environment_name(name))
        _tell(spot, reference.name)
        return reference

    def pair(self, spot: Spot, name: str, value: str, *, enabled: bool = True, note: str = "") -> Pair:
        """A header, parameter or field, without a secret."""
        return Pair(name, self.named(spot, name, value), enabled, self.free(spot, note))

    def _put(self, spot: Spot, label: str, literal: str) -> str:
        held = self._variables.get(literal)
        if held is None and len(self._variables) >= _MOST:
            spot.note("secret-dropped", "there are too many secrets: this one was left out", "import fewer requests")
            return "***"
        if held is None:
            name = self._free_name(label)
            held = Variable(name, SecretReference("env", _environment_name(name)))
            self._variables[literal] = held
        reference = held.value
        _tell(spot, reference.name if isinstance(reference, SecretReference) else "")
        return "{{" + held.name + "}}"

    def _free_name(self, label: str) -> str:
        base = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", label).lower()).strip("_")[:40]
        base = base or "secret"
        name, number = base, 2
        while name in self._names:
            name, number = f"{base}_{number}", number + 1
        self._names.add(name)
        return name


def _environment_name(name: str) -> str:
    upper = re.sub(r"[^A-Z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:120]).upper()).strip("_")
    return upper if upper and not upper[0].isdigit() else f"SECRET_{upper}".rstrip("_")


def _tell(spot: Spot, variable: str) -> None:
    spot.note(
        "secret-moved",
        f"a secret stood here in the clear: it was left out, and is read from the environment variable {variable}",
        f"run `export {variable}=...` before a run, and replace the secret where others could have read it",
    )
