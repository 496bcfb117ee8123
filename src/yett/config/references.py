"""Mistakes between the parts of a configuration: names given twice, names of nothing, settings that contradict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from yett.access.inheritance import check_inheritance
from yett.config.clients import check_tokens
from yett.config.issuers import check_issuers
from yett.config.proofs import check_proofs
from yett.config.users import check_users
from yett.model.place import Reference
from yett.model.policy import Rule
from yett.model.suggestion import did_you_mean
from yett.model.tokens import TOKENS_API

if TYPE_CHECKING:
    from yett.model.access import App, Assignment, Duty, Team
    from yett.model.api import Api
    from yett.model.configuration import Configuration, Unread
    from yett.model.diagnostic import Diagnostic
    from yett.model.place import Place


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def place(self) -> Place: ...


def check_references(configuration: Configuration, draft: Configuration, unread: Unread) -> Iterator[Diagnostic]:
    """Every such mistake, except those that need a contract to be seen.

    Names are looked for in the whole `draft`; what could contradict a setting that `draft` had to leave out, in
    `configuration` alone.
    """
    sections: Mapping[str, tuple[_Named, ...]] = {
        "apis": draft.apis,
        "collections": draft.collections,
        "profiles": draft.profiles,
        "teams": draft.teams,
        "users": draft.users,
        "apps": draft.apps,
        "duties": draft.duties,
        "policies": draft.policies,
        "callouts": draft.callouts,
        "issuers": draft.issuers,
    }
    for section, items in sections.items():
        yield from _duplicates(section, items)
    names = {section: _Names(section, items, unread) for section, items in sections.items()}
    if draft.tokens is not None:
        names["issuers"].known[TOKENS_API] = None
    for api in draft.apis:
        yield from names["teams"].unknown([api.owner] if api.owner else [])
        of_operations = (one for operation in api.operations for one in operation.callouts)
        yield from names["callouts"].unknown((*api.callouts, *of_operations))
        yield from names["profiles"].unknown(api.identify.anonymous or ())
        yield from names["apps"].unknown([api.identify.webhook.app] if api.identify.webhook else [])
        tokens = api.identify.jwt
        yield from names["issuers"].unknown(tokens.issuers or () if tokens else ())
        yield from names["issuers"].unknown([api.identify.introspection] if api.identify.introspection else [])
    for issuer in draft.issuers:
        yield from names["apps"].unknown(issuer.apps)
        yield from names["profiles"].unknown(issuer.profiles)
    yield from check_issuers(configuration, unread)
    yield from check_users(configuration, unread)
    yield from _check_profiles(draft, names)
    yield from _check_holders(draft, names)
    yield from _check_scopes(draft, names)
    for duty in draft.duties:
        yield from _overlap(duty)
    yield from _duplicate_key_ids(draft.apps)
    yield from check_proofs(configuration)
    for api in configuration.apis:
        yield from _identity(api)
    of_teams = {team.name: team for team in draft.teams}
    for app in configuration.apps:
        if not unread.may_hold("teams", app.team.name):
            yield from _key_profiles(app, of_teams.get(app.team.name))
    yield from _shared_base_paths(configuration.apis)
    yield from check_tokens(configuration, draft, unread)
    yield from _shared_addresses(configuration)


def _check_profiles(draft: Configuration, names: Mapping[str, _Names]) -> Iterator[Diagnostic]:
    for profile in draft.profiles:
        collections = (one for one in profile.reaches if one.kind == "collection")
        yield from names["collections"].unknown(Reference(one.name, one.place) for one in collections)
        yield from names["profiles"].unknown(profile.inherits)
    yield from check_inheritance(draft.profiles)


def _check_holders(draft: Configuration, names: Mapping[str, _Names]) -> Iterator[Diagnostic]:
    for team in draft.teams:
        yield from names["profiles"].unknown(_references(team.profiles))
        yield from names["users"].unknown(team.members)
    for user in draft.users:
        yield from names["teams"].unknown(user.teams)
        yield from names["profiles"].unknown(_references(user.profiles))
    for app in draft.apps:
        yield from names["teams"].unknown([app.team])
        yield from names["profiles"].unknown(_references(app.profiles))


def _check_scopes(draft: Configuration, names: Mapping[str, _Names]) -> Iterator[Diagnostic]:
    for policy in draft.policies:
        if isinstance(policy.body, Rule):
            for section in ("collections", "profiles", "apps", "teams"):
                yield from names[section].unknown(getattr(policy.body.scope, section))


def _duplicates(section: str, items: Iterable[_Named]) -> Iterator[Diagnostic]:
    first: dict[str, Place] = {}
    for item in items:
        if item.name in first:
            message = f"the {_singular(section)} `{item.name}` is defined twice"
            yield item.place.diagnostic("duplicate-name", message, hint=f"first defined at {first[item.name]}")
        first.setdefault(item.name, item.place)


def _singular(section: str) -> str:
    return {"apis": "API", "duties": "duty", "policies": "policy"}.get(section, section.removesuffix("s"))


def _references(assignments: Iterable[Assignment]) -> Iterator[Reference]:
    return (Reference(one.name, one.place) for one in assignments)


def _overlap(duty: Duty) -> Iterator[Diagnostic]:
    """What stands in two sets could be done by nobody."""
    first: dict[str, int] = {}
    for number, names in enumerate(duty.sets):
        for name in names:
            if first.setdefault(name.name, number) != number:
                message = f"`{name.name}` stands in two sets of the duty `{duty.name}`, so nobody could ever have it"
                yield name.place.diagnostic("duty-impossible", message, hint="leave it in one of them")


@dataclass(slots=True, init=False)
class _Names:
    """The names of one section, to hold references against."""

    section: str
    known: dict[str, None]
    unread: Unread

    def __init__(self, section: str, items: Iterable[_Named], unread: Unread) -> None:
        self.section, self.unread = section, unread
        self.known = dict.fromkeys(item.name for item in items)

    def unknown(self, references: Iterable[Reference]) -> Iterator[Diagnostic]:
        """A diagnostic for each reference to nothing."""
        noun = _singular(self.section)
        for reference in references:
            if reference.name not in self.known and not self.unread.may_hold(self.section, reference.name):
                hint = did_you_mean(reference.name, self.known) or f"define it under `{self.section}`"
                yield reference.place.diagnostic(f"unknown-{noun}", f"there is no {noun} `{reference.name}`", hint=hint)


def _key_profiles(app: App, team: Team | None) -> Iterator[Diagnostic]:
    own = [profile.name for profile in (*app.profiles, *(team.profiles if team else ()))]
    for key in app.keys:
        for profile in key.profiles or ():
            if profile.name not in own:
                message = f"the app `{app.name}` does not have the profile `{profile.name}`, so its key cannot carry it"
                yield profile.place.diagnostic("profile-not-held", message, hint=did_you_mean(profile.name, own))


def _duplicate_key_ids(apps: Iterable[App]) -> Iterator[Diagnostic]:
    first: dict[str, Place] = {}
    for key in (key for app in apps for key in app.keys):
        if key.id is None:
            continue
        if key.id in first:
            hint = f"first used at {first[key.id]}"
            yield key.place.diagnostic("duplicate-key-id", f"the key id `{key.id}` is used twice", hint=hint)
        first.setdefault(key.id, key.place)


def _identity(api: Api) -> Iterator[Diagnostic]:
    places = api.identify.api_key
    if places is not None and not (places.header or places.bearer or places.query):
        message = f"the API `{api.name}` accepts keys, but nowhere in a request"
        yield api.place.diagnostic("identify-impossible", message, hint="name a `header`, or set `bearer: true`")
    for operation in api.operations:
        if not api.identify.methods and api.identify.anonymous is None and operation.public is False:
            message = f"`{api.name}:{operation.operation_id}` needs a credential, but the API accepts none"
            yield operation.place.diagnostic("identify-missing", message, hint="add `identify: [api-key]` to the API")


def _shared_base_paths(apis: Iterable[Api]) -> Iterator[Diagnostic]:
    taken: dict[tuple[str, str], list[Api]] = {}
    for api in apis:
        spots = [(host, api.base_path) for host in api.hosts or ("",)]
        met = {one.name: one for spot in spots for one in taken.get(spot, ()) if one.name != api.name}
        yield from filter(None, (_clash(one, api) for one in met.values()))
        for spot in spots:
            taken.setdefault(spot, []).append(api)


def _clash(first: Api, second: Api) -> Diagnostic | None:
    """Why two APIs cannot be at the same host and base path: only versions that requests tell apart can."""
    one, other = first.version, second.version
    both = f"the APIs `{first.name}` and `{second.name}` are exposed at the same host and base path"
    if one is None or other is None or one.at is None or other.at is None:
        hint = f"the other one stands at {first.place}; versions of one API say which they are: `version`"
        return second.place.diagnostic("base-path-taken", both, hint=hint)
    if (one.of, one.at) != (other.of, other.at):
        hint = f"`of` and `in` of versions are the same; the other one stands at {one.place}"
        return other.place.diagnostic("base-path-taken", f"{both}, and are told apart in different ways", hint=hint)
    if one.name == other.name:
        return other.place.diagnostic("version-twice", f"`{first.name}` is version {one.name} of `{one.of}` already")
    if one.default and other.default:
        hint = f"take one `default` away; the other one stands at {one.place}"
        return other.place.diagnostic("version-defaults", f"`{one.of}` has two default versions", hint=hint)
    return None


def _shared_addresses(configuration: Configuration) -> Iterator[Diagnostic]:
    gateway = configuration.gateway
    used = {"callers": [listener.address for listener in gateway.listen]}
    used |= {"telemetry": [gateway.telemetry or ""], "`redirect_http`": [gateway.redirect_http or ""]}
    first: dict[str, str] = {}
    for user, address in ((user, address) for user, addresses in used.items() for address in addresses):
        if address and not address.endswith(":0") and address in first:
            message = f"{first[address]} and {user} cannot both use {address}"
            yield gateway.place.diagnostic("address-taken", message, hint="give one of them another port")
        first.setdefault(address, user)
