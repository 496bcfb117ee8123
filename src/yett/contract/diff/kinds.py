"""The kinds of change: what each means to those who call an API.

A kind is one line here; where it is found is another place in this room. Severities are those of the two ways a value
can travel: towards the API (a request), where asking for more breaks callers, and back (a response), where promising
less does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["breaking", "potential", "safe"]
"""Callers break; callers may break, which the contracts alone do not tell; nobody breaks."""

SEVERITIES: Final[tuple[Severity, ...]] = ("breaking", "potential", "safe")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change.

    `sentence` is what a caller is told; it is filled with `where`, `before`, `after` and `name`. `response` is absent
    where a change has no direction.
    """

    id: str
    request: Severity
    response: Severity | None
    sentence: str
    why: str

    def severity(self, way: str) -> Severity:
        """How bad it is on this way, `request` or `response`."""
        return self.response if way == "response" and self.response is not None else self.request


def _kinds(*rows: tuple[str, Severity, Severity | None, str, str]) -> dict[str, Kind]:
    return {row[0]: Kind(*row) for row in rows}


OPERATIONS: Final = _kinds(
    ("operation-added", "safe", None, "{name} is new", "Nobody calls it yet."),
    ("operation-removed", "breaking", None, "{name} is gone",
     "It was not announced: deprecate an operation, with a date, before it goes."),
    ("operation-removed-after-sunset", "safe", None, "{name} is gone, as announced",
     "It was deprecated, and the announced day has come."),
    ("operation-removed-before-sunset", "breaking", None, "{name} is gone before {before}, the day announced",
     "Callers rely on the announced day."),
    ("operation-deprecated", "safe", None, "{name} is deprecated", "It still works; callers should plan to leave."),
    ("operation-revived", "safe", None, "{name} is no longer deprecated", "It stays."),
    ("sunset-removed", "breaking", None, "{name} is still deprecated, but the day it ends, {before}, is no longer said",
     "Callers who planned by that day no longer know when it ends."),
    ("sunset-earlier", "breaking", None, "{name} ends on {after} instead of {before}", "Callers have less time."),
    ("sunset-later", "safe", None, "{name} ends on {after} instead of {before}", "Callers have more time."),
    ("sunset-added", "safe", None, "{name} ends on {after}", "Callers know when to leave."),
    ("stability-lowered", "breaking", None, "{name} goes from {before} to {after}",
     "A weaker promise takes the place of the one that callers relied on."),
    ("stability-raised", "safe", None, "{name} goes from {before} to {after}", "A stronger promise."),
    ("operation-renamed", "safe", None, "{name} has the id {after} instead of {before}",
     "Nothing changes on the wire; generated clients may have to rename a function."),
    ("documentation-changed", "safe", None, "{name} is described in other words", "Nothing changes on the wire."),
    ("tag-added", "safe", None, "{name} has the tag {after}", "Tags group documentation."),
    ("tag-removed", "safe", None, "{name} no longer has the tag {before}", "Tags group documentation."),
    ("webhook-added", "safe", None, "the webhook {name} is new", "Nobody has to take it."),
    ("webhook-removed", "breaking", None, "the webhook {name} is gone", "Those who wait for it wait in vain."),
    ("security-required", "breaking", None, "{name} needs a credential where it needed none",
     "Callers without one are refused."),
    ("security-added", "safe", None, "{name} also takes {after}", "The ways that were there are still open."),
    ("security-removed", "potential", None, "{name} no longer takes {before}",
     "Callers who prove themselves so are refused; the contract does not tell how many do."),
    ("security-scope-added", "potential", None, "{name} needs the scope {after}", "Tokens without it are refused."),
    ("security-scope-removed", "safe", None, "{name} no longer needs the scope {before}", "Less is asked for."),
    ("security-scheme-added", "safe", None, "the security scheme {name} is new", "Operations say where it is needed."),
    ("security-scheme-removed", "safe", None, "the security scheme {name} is gone",
     "Operations say where it was needed."),
    ("security-scheme-changed", "potential", None, "the security scheme {name} is {after} instead of {before}",
     "Callers who prove themselves by it may have to do so in another way."),
)  # fmt: skip

PARAMETERS: Final = _kinds(
    ("parameter-added-required", "breaking", None, "{where} is new and must be sent", "Callers do not send it."),
    ("parameter-added", "safe", None, "{where} is new and may be sent", "Callers need not send it."),
    ("parameter-removed", "potential", None, "{where} is gone", "What is sent under this name is ignored or refused."),
    ("parameter-became-required", "breaking", None, "{where} must be sent", "Callers may leave it out today."),
    ("parameter-became-optional", "safe", None, "{where} may be left out", "Less is asked for."),
    ("parameter-default-changed", "breaking", None,
     "{where} means {after} when it is left out, where it meant {before}",
     "Callers who leave it out get another result."),
    ("parameter-deprecated", "safe", None, "{where} is deprecated", "It still works."),
    ("parameter-written-otherwise", "potential", None, "{where} is written as {after} instead of {before}",
     "The same text may be read as another value."),
    ("parameter-renamed", "safe", None, "{where} is called {after} instead of {before}",
     "A part of the path has no name on the wire."),
)  # fmt: skip

BODIES: Final = _kinds(
    ("body-added-required", "breaking", None, "a body must be sent", "Callers send none."),
    ("body-added", "safe", None, "a body may be sent", "Callers need not send one."),
    ("body-removed", "breaking", None, "no body is taken any more", "What callers send is refused or ignored."),
    ("body-became-required", "breaking", None, "a body must be sent", "Callers may leave it out today."),
    ("body-became-optional", "safe", None, "the body may be left out", "Less is asked for."),
    ("media-type-added", "safe", "safe", "{where} may also be {after}", "The forms that were there are still there."),
    ("media-type-removed", "breaking", "breaking", "{where} is no longer {before}",
     "Callers who speak this form have no other."),
    ("response-added", "safe", "safe", "the status {after} is new", "Callers handle statuses by their class."),
    ("response-removed", "breaking", "breaking", "the status {before} is gone",
     "Callers who wait for this success never see it."),
    ("error-response-removed", "safe", "safe", "the status {before} is no longer described",
     "Callers must handle any error anyway."),
    ("header-added", "safe", "safe", "{where} is new", "Callers need not read it."),
    ("header-removed", "potential", "potential", "{where} is gone", "It was never promised in every answer."),
    ("required-header-removed", "breaking", "breaking", "{where} is gone", "It was promised in every answer."),
    ("header-became-optional", "breaking", "breaking", "{where} may be missing", "It was promised in every answer."),
    ("header-became-required", "safe", "safe", "{where} is in every answer", "More is promised."),
    ("schema-added", "breaking", "safe", "{where} has a schema where anything was allowed",
     "What was allowed may be refused."),
    ("schema-removed", "safe", "potential", "{where} has no schema any more", "Nothing is promised any more."),
)  # fmt: skip

SCHEMAS: Final = _kinds(
    ("type-changed", "breaking", "breaking", "{where} is {after} instead of {before}", "One does not fit the other."),
    ("type-narrowed", "breaking", "safe", "{where} is {after}, no longer {before}", "Fewer values are allowed."),
    ("type-widened", "safe", "breaking", "{where} is {after}, where it was {before}",
     "Callers meet values of a type they do not expect."),
    ("type-compatible", "safe", "safe", "{where} is {after} instead of {before}, which is the same text on the wire",
     "A value in text may be read as text."),
    ("became-nullable", "safe", "breaking", "{where} may be null", "Callers meet null where they never did."),
    ("became-not-nullable", "breaking", "safe", "{where} must not be null", "Callers may send null today."),
    ("format-changed", "breaking", "breaking", "{where} has the format {after} instead of {before}",
     "One does not fit the other."),
    ("format-narrowed", "breaking", "safe", "{where} has the format {after}, where it had {before}",
     "Fewer values are allowed."),
    ("format-widened", "safe", "breaking", "{where} has the format {after}, where it had {before}",
     "Callers meet values they do not expect."),
    ("enum-value-added", "safe", "potential", "{where} may also be {after}",
     "Callers who know all values meet a new one."),
    ("enum-value-removed", "breaking", "safe", "{where} may no longer be {before}", "Callers send it."),
    ("became-enum", "breaking", "safe", "{where} must be one of {after}", "Other values were allowed."),
    ("enum-lifted", "safe", "potential", "{where} is no longer one of {before} alone",
     "Callers who know all values meet others."),
    ("extensible-enum-value-removed", "breaking", "safe", "{where} may no longer be {before}", "Callers send it."),
    ("extensible-enum-value-added", "safe", "safe", "{where} may also be {after}", "More values were to be expected."),
    ("const-added", "breaking", "safe", "{where} must be {after}", "Other values were allowed."),
    ("const-changed", "breaking", "breaking", "{where} must be {after} instead of {before}", "No value fits both."),
    ("const-removed", "safe", "breaking", "{where} is no longer always {before}", "Callers rely on it."),
    ("bound-added", "potential", "safe", "{where} has {name} {after}",
     "The API may always have refused what is outside; the contract did not tell."),
    ("bound-tightened", "breaking", "safe", "{where} has {name} {after} instead of {before}",
     "Values that were allowed no longer are."),
    ("bound-loosened", "safe", "breaking", "{where} has {name} {after} instead of {before}",
     "Callers meet values beyond what was promised."),
    ("bound-removed", "safe", "breaking", "{where} no longer has {name} {before}",
     "Callers meet values beyond what was promised."),
    ("unique-required", "breaking", "safe", "{where} must not hold the same item twice", "Callers may send it twice."),
    ("unique-lifted", "safe", "breaking", "{where} may hold the same item twice", "Callers rely on each being once."),
    ("pattern-added", "breaking", "safe", "{where} must match {after}", "Other texts were allowed."),
    ("pattern-changed", "potential", "potential", "{where} must match {after} instead of {before}",
     "Which texts fit both, the patterns alone do not tell."),
    ("pattern-removed", "safe", "potential", "{where} no longer matches {before} alone",
     "Callers meet texts of another form."),
    ("property-added", "safe", "safe", "{where} is new", "Callers need not send it, and ignore what they do not know."),
    ("required-property-added", "breaking", "safe", "{where} is new and must be sent", "Callers do not send it."),
    ("property-removed", "potential", "potential", "{where} is gone",
     "Where it was sent, it is ignored; where it was read, it was never promised."),
    ("closed-property-removed", "breaking", "potential", "{where} is gone, and unknown properties are refused",
     "Callers who send it are refused."),
    ("required-property-removed", "potential", "breaking", "{where} is gone", "It was promised in every answer."),
    ("property-became-required", "breaking", "safe", "{where} must be there", "Callers may leave it out today."),
    ("property-became-optional", "safe", "breaking", "{where} may be missing", "It was promised in every answer."),
    ("property-ruled-out", "safe", "safe", "{where} is no longer part of what travels this way",
     "It is read-only or write-only, so that it does not travel this way."),
    ("became-read-only", "potential", "safe", "{where} can only be read", "What callers send in it is ignored."),
    ("became-writable", "safe", "safe", "{where} can be written too", "More is allowed."),
    ("became-write-only", "safe", "potential", "{where} is no longer in answers", "Callers may read it."),
    ("became-readable", "safe", "potential", "{where} is in answers too",
     "Callers meet a value they never saw, which may be a secret."),
    ("closed", "breaking", "safe", "{where} takes no other properties", "Callers may send more."),
    ("opened", "safe", "potential", "{where} may have other properties", "Callers meet properties they do not know."),
    ("default-changed", "safe", "safe", "{where} is {after} by default, where it was {before}",
     "A default documents; senders who rely on it should say the value."),
    ("part-added", "breaking", "safe", "{where} must also fit {after}", "More is asked for."),
    ("part-removed", "potential", "potential", "{where} need no longer fit {before}", "Less may be promised."),
    ("annotation-part-added", "safe", "safe", "{where} is described in more parts", "Nothing is asked for."),
    ("alternative-added", "safe", "breaking", "{where} may also be {after}",
     "Callers meet a form they do not know."),
    ("alternative-removed", "breaking", "safe", "{where} may no longer be {before}", "Callers may send this form."),
    ("choice-added", "safe", "potential", "{where} may also fit {after}", "Callers may meet a form they do not know."),
    ("choice-removed", "breaking", "safe", "{where} may no longer fit {before}", "Callers may send this form."),
    ("became-alternatives", "breaking", "breaking", "{where} must fit exactly one of {after}",
     "What fitted before may fit none of them, or several."),
    ("became-plain", "potential", "potential", "{where} is no longer a choice of {before}",
     "Which of the forms fit, the contracts alone do not tell."),
    ("exclusion-added", "breaking", "safe", "{where} must not fit {after}", "Some values are no longer allowed."),
    ("exclusion-removed", "safe", "potential", "{where} may fit {before}", "Values that were ruled out may come."),
    ("condition-added", "breaking", "safe", "{where} has the condition {name}", "More is asked for."),
    ("condition-removed", "safe", "breaking", "{where} no longer has the condition {name}", "Less is promised."),
    ("condition-changed", "breaking", "breaking", "{where} has another condition {name}",
     "What fitted before may not fit now."),
    ("position-added", "safe", "breaking", "{where} has one more position",
     "Callers meet an item where there was none."),
    ("position-removed", "breaking", "safe", "{where} has one position less", "Callers fill it."),
    ("content-changed", "breaking", "breaking", "{where} has {name} {after} instead of {before}",
     "The same text is read as something else."),
    ("discriminator-changed", "potential", "potential", "{where} is told apart by {after} instead of {before}",
     "Who tells the forms apart by it looks at the wrong place."),
    ("discriminator-added", "safe", "safe", "{where} is told apart by {after}", "The forms themselves are the same."),
    ("discriminator-removed", "safe", "potential", "{where} is no longer told apart by {before}",
     "Generated clients can no longer choose the form."),
    ("discriminator-mapping-changed", "potential", "potential", "{where}: the value {name} means {after}, not {before}",
     "The same value leads to another form."),
    ("discriminator-mapping-added", "safe", "safe", "{where}: the value {name} means {after}", "A name more."),
    ("discriminator-mapping-removed", "potential", "potential", "{where}: the value {name} no longer means {before}",
     "Callers may send it."),
    ("property-deprecated", "safe", "safe", "{where} is deprecated", "It still works."),
)  # fmt: skip

KINDS: Final[dict[str, Kind]] = {**OPERATIONS, **PARAMETERS, **BODIES, **SCHEMAS}
"""Every kind by its id."""
