"""`yett control`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from yett.cli.arguments import DEFAULT_CONFIG, EXIT_CODES, Config, Json

if TYPE_CHECKING:
    from yett.model.control import Control

app = typer.Typer(help="Act on traffic for a while: block, throttle, challenge, patch.", no_args_is_help=True)

_LASTING: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_PERIODS: Final = {"second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}

Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever looks at it later. Callers do not see it.")]
Lasting = Annotated[str, typer.Option("--for", help="How long: `30m`, `2h`, `7d`; at most 30 days.")]
Operations = Annotated[list[str] | None, typer.Option("--operation", help="`api:operationId`. May be repeated.")]
Apis = Annotated[list[str] | None, typer.Option("--api", help="An API. May be repeated.")]
Apps = Annotated[list[str] | None, typer.Option("--app", help="An app. May be repeated.")]
Users = Annotated[list[str] | None, typer.Option("--user", help="A user, as tokens name them. May be repeated.")]
Credentials = Annotated[list[str] | None, typer.Option("--credential", help="Id of a credential. May be repeated.")]
Networks = Annotated[list[str] | None, typer.Option("--network", help="A network or address. May be repeated.")]
Everything = Annotated[bool, typer.Option("--everything", help="Every request, instead of a scope.")]
Evidence = Annotated[
    list[str] | None, typer.Option(help="What speaks for it: a finding, a decision, a link. May be repeated.")
]
Author = Annotated[str, typer.Option(help="Who makes it; absent means the user of this system.")]
Monitor = Annotated[bool, typer.Option("--monitor", help="Only record what it would do.")]


@app.callback()
def root() -> None:
    """Act on traffic for a while: block, throttle, challenge, patch."""


def block(
    reason: Reason,
    lasting: Lasting,
    config: Config = DEFAULT_CONFIG,
    operation: Operations = None,
    api: Apis = None,
    app_name: Apps = None,
    user: Users = None,
    credential: Credentials = None,
    network: Networks = None,
    everything: Everything = False,
    evidence: Evidence = None,
    author: Author = "",
    monitor: Monitor = False,
    as_json: Json = False,
) -> None:
    """Refuse requests. With operations or APIs alone they are closed for everybody, with 503: the kill switch."""
    _put(config, {"do": "block"}, locals())


def throttle(
    reason: Reason,
    lasting: Lasting,
    requests: Annotated[int, typer.Option(min=1, help="How many requests pass in each period.")],
    per: Annotated[str, typer.Option(help="The period: `second`, `minute`, `hour` or `day`.")] = "minute",
    by: Annotated[str, typer.Option(help="Whom each counter is for: `address`, `app` or `all`.")] = "address",
    config: Config = DEFAULT_CONFIG,
    operation: Operations = None,
    api: Apis = None,
    app_name: Apps = None,
    user: Users = None,
    credential: Credentials = None,
    network: Networks = None,
    everything: Everything = False,
    evidence: Evidence = None,
    author: Author = "",
    monitor: Monitor = False,
    as_json: Json = False,
) -> None:
    """Let no more than so many requests pass."""
    if per not in _PERIODS:
        raise typer.BadParameter("is `second`, `minute`, `hour` or `day`", param_hint="--per")
    if by not in ("address", "app", "all"):
        raise typer.BadParameter("is `address`, `app` or `all`", param_hint="--by")
    _put(config, {"do": "throttle", "requests": requests, "period_ms": _PERIODS[per], "by": by}, locals())


def challenge(
    reason: Reason,
    lasting: Lasting,
    difficulty: Annotated[int, typer.Option(help="Bits of work, 8 to 24: each more doubles it.")] = 16,
    valid: Annotated[str, typer.Option(help="How long an answer holds.")] = "10m",
    step_up: Annotated[bool, typer.Option("--step-up", help="Ask for a stronger token instead (RFC 9470).")] = False,
    acr: Annotated[list[str] | None, typer.Option(help="With --step-up: an accepted `acr`. May be repeated.")] = None,
    max_age: Annotated[
        int | None, typer.Option(min=1, help="With --step-up: seconds since the user proved themselves.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    operation: Operations = None,
    api: Apis = None,
    app_name: Apps = None,
    user: Users = None,
    credential: Credentials = None,
    network: Networks = None,
    everything: Everything = False,
    evidence: Evidence = None,
    author: Author = "",
    monitor: Monitor = False,
    as_json: Json = False,
) -> None:
    """Ask for proof: of work, which a browser does by itself, or that the user proved themselves lately or strongly."""
    if (acr or max_age is not None) and not step_up:
        raise typer.BadParameter("belong to `--step-up`", param_hint="--acr, --max-age")
    action: dict[str, Any] = {"do": "challenge", "difficulty": difficulty, "valid_s": _seconds(valid, "--valid")}
    if step_up:
        action = {"do": "step-up", "acr_values": acr or [], "max_age_s": max_age}
    _put(config, action, locals())


def patch(
    reason: Reason,
    lasting: Lasting,
    when: Annotated[
        list[str],
        typer.Option(help="A condition, such as `query:page above 100`. May be repeated: all must hold."),
    ],
    config: Config = DEFAULT_CONFIG,
    operation: Operations = None,
    api: Apis = None,
    app_name: Apps = None,
    user: Users = None,
    credential: Credentials = None,
    network: Networks = None,
    everything: Everything = False,
    evidence: Evidence = None,
    author: Author = "",
    monitor: Monitor = False,
    as_json: Json = False,
) -> None:
    """Refuse requests that meet conditions, until the upstream is mended.

    A condition is a place (path, query, header, cookie or body), perhaps with a name, and a test: present, absent,
    equals, contains, starts-with, longer (bytes), above (a number) or matches (a regular expression).
    """
    from yett.cli.output import told_errors
    from yett.services.controls import parse_condition

    with told_errors(as_json=as_json):
        action = {"do": "patch", "when": [parse_condition(one) for one in when]}
    _put(config, action, locals())


def end(
    control: Annotated[str, typer.Argument(metavar="ID", help="Id of the control.")],
    config: Config = DEFAULT_CONFIG,
    author: Author = "",
) -> None:
    """End a control before its time."""
    import os

    from yett.cli.output import told_errors
    from yett.services.controls import end_control

    with told_errors():
        end_control(config, os.environ, control, author=author or _user())
    typer.echo(f"The control {control} has ended.")


def show(
    config: Config = DEFAULT_CONFIG,
    past: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    as_json: Json = False,
) -> None:
    """Show the controls in force."""
    import os

    from yett.cli.output import show_json, told_errors
    from yett.services.controls import controls

    with told_errors(as_json=as_json):
        found = controls(config, os.environ, past=past)
    if as_json:
        show_json([_document(one) for one in found])
        return
    for one in found:
        _tell(one)
    if not found:
        typer.echo("No control is in force.")


for command, name, told in (
    (show, "list", "Show the controls in force."),
    (block, "block", "Refuse requests."),
    (throttle, "throttle", "Let no more than so many requests pass."),
    (challenge, "challenge", "Ask for proof of work, or for a stronger token."),
    (patch, "patch", "Refuse requests that meet conditions."),
    (end, "end", "End a control before its time."),
):
    app.command(name, epilog=EXIT_CODES, short_help=told)(command)


def _put(config: str, action: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    import os

    from yett.cli.output import show_json, told_errors
    from yett.model.control import ControlScope
    from yett.services.controls import put_control

    scope = ControlScope(
        operations=tuple(given["operation"] or ()),
        apis=tuple(given["api"] or ()),
        apps=tuple(given["app_name"] or ()),
        users=tuple(given["user"] or ()),
        credentials=tuple(given["credential"] or ()),
        networks=tuple(given["network"] or ()),
        everything=given["everything"],
    )
    with told_errors(as_json=given["as_json"]):
        control = put_control(
            config,
            os.environ,
            action,
            scope,
            author=given["author"] or _user(),
            reason=given["reason"],
            lasts_s=_seconds(given["lasting"], "--for"),
            evidence=given["evidence"] or (),
            mode="monitor" if given["monitor"] else "enforce",
        )
    if given["as_json"]:
        show_json(_document(control))
        return
    _tell(control)
    typer.echo("Running gateways have it now.")


def _seconds(text: str, option: str) -> int:
    match = _LASTING.fullmatch(text)
    if match is None:
        raise typer.BadParameter("is a number with a unit: `30m`, `2h`, `7d`", param_hint=option)
    return int(match[1]) * _SECONDS[match[2]]


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _document(control: Control) -> dict[str, Any]:
    ended = {"ended_at": control.ended_at, "ended_by": control.ended_by} if control.ended_at is not None else {}
    return control.as_document() | ended


def _tell(control: Control) -> None:
    from yett.cli.output import visible

    scope = control.scope.as_document()
    where = "everything" if control.scope.everything else ", ".join(f"{k} {' '.join(v)}" for k, v in scope.items())
    until = _moment(control.expires_at if control.ended_at is None else control.ended_at)
    mode = " (monitor)" if control.mode == "monitor" else ""
    word = "until" if control.ended_at is None else f"ended by {control.ended_by} at"
    typer.echo(visible(f"{control.id}  {control.action['do']}{mode}: {where}, {word} {until}"))
    typer.echo(visible(f"  {control.author}: {control.reason}"))
    for line in control.evidence:
        typer.echo(visible(f"  evidence: {line}"))


def _moment(at: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).isoformat()
