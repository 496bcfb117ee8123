"""How good a contract is."""

from __future__ import annotations

from yett.documents import DocumentError
from yett.errors import ConfigurationError
from yett.governance.lint import examine
from yett.governance.ruleset import load_ruleset
from yett.governance.scorecard import DIMENSIONS, Scorecard, badge, score
from yett.model.diagnostic import Diagnostic, has_errors
from yett.services.lint import read_contract

__all__ = ["DIMENSIONS", "Scorecard", "badge", "score_contract"]


def score_contract(path: str, ruleset: str) -> Scorecard:
    """The scorecard of the contract at `path` by a ruleset, given by name or by path.

    Raises `ConfigurationError` with all that is wrong when one of them cannot be read.
    """
    rules = load_ruleset(ruleset)
    if has_errors(rules.diagnostics):
        raise ConfigurationError(rules.diagnostics)
    try:
        document = read_contract(path)
    except DocumentError as error:
        raise ConfigurationError(error.diagnostics) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"it cannot be read: {reason}"
        raise ConfigurationError((Diagnostic(path, 0, "", "file-unreadable", message, "check the path"),)) from None
    return score(examine(document, rules), rules)
