"""`yett explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.arguments import DEFAULT_CONFIG, Config, Json

if TYPE_CHECKING:
    from yett.gateway import Decision, Request
    from yett.services.explain import Explanation


def explain(
    request: Annotated[str, typer.Option("--request", "-r", help="Method and target: 'GET /bookshop/books/1'.")],
    config: Config = DEFAULT_CONFIG,
    app: Annotated[str | None, typer.Option(help="Act as this app, without a key.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="The user for whom the app, an agent, acts.")] = None,
    header: Annotated[list[str] | None, typer.Option(help="A header, 'name: value'. May be repeated.")] = None,
    body: Annotated[str, typer.Option(help="The body, or @FILE to read it from.")] = "",
    host: Annotated[str, typer.Option(help="The Host asked for.")] = "",
    address: Annotated[str, typer.Option(help="The caller's IP address.")] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="A date, or date with time (RFC 3339), at which to decide.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show what would become of a request.

    Phase by phase, decided by the engine that would decide it. Nothing is sent.

    The exit code is 0 when the request would reach the upstream, and 1 when it would be refused.
    """
    from dataclasses import replace

    from yett.cli.output import REFUSED, patience, show_diagnostics, show_json, told_errors

    with told_errors(as_json=as_json), patience(f"reading {config}"):
        asked = _request(request, header or [], body, host=host, address=address)
        asked = replace(asked, app=app, user=user, at=_moment(at) if at else None)
        explanation = _explanation(config, asked)
    decision = explanation.decision
    if as_json:
        show_json(decision.document)
    else:
        if decision.code == "credential-invalid":
            show_diagnostics(explanation.absent)
        _show(decision)
        if decision.code == "api-unknown":
            _name_hosts(config, host)
    if not decision.allowed:
        raise typer.Exit(REFUSED)


def _explanation(config: str, asked: Request) -> Explanation:
    """The explanation. Raises `YettError` with the nearest name where there is no app of the name asked for."""
    import os

    from yett.errors import GatewayError, YettError
    from yett.model.suggestion import did_you_mean
    from yett.services.assembly import assemble
    from yett.services.explain import explain_request

    try:
        return explain_request(config, asked, os.environ)
    except GatewayError:
        if asked.app is None:
            raise
        apps = [one.name for one in assemble(config, os.environ, need_secrets=False).configuration.apps]
        if asked.app in apps:
            raise
        message, hint = f"there is no app `{asked.app}`", did_you_mean(asked.app, apps)
        raise YettError(message, code="unknown-app", hint=hint) from None


def _name_hosts(config: str, host: str) -> None:
    """Say which hosts APIs are bound to, where `host` is none of them: an API of another host is not found."""
    import os

    from yett.cli.output import screen, visible
    from yett.services.routes import list_routes

    hosts = dict.fromkeys(one for route in list_routes(config, os.environ).routes for one in route.hosts)
    if hosts and host.partition(":")[0].lower() not in hosts:
        named = ", ".join(f"`{one}`" for one in hosts)
        screen(error=True).print(f"hint: name the host with `--host`; there are APIs on {visible(named)}")


def _moment(text: str) -> int:
    """A date, or date with time, as Unix milliseconds."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write 2027-01-31 or 2027-01-31T18:00:00Z", param_hint="--at") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _request(text: str, headers: list[str], body: str, *, host: str, address: str) -> Request:
    from yett.gateway import Request

    method, _, target = text.strip().rpartition(" ")
    if not target.startswith("/"):
        raise typer.BadParameter("write a method and a path, such as 'GET /bookshop/books/1'", param_hint="--request")
    return Request(
        method=(method.strip() or "GET").upper(),
        target=target,
        host=host,
        headers=tuple(_header(one) for one in headers),
        body=_body(body),
        address=address,
    )


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise typer.BadParameter("write a header as 'name: value'", param_hint="--header")
    return name.strip(), value.strip()


def _body(text: str) -> str:
    from pathlib import Path

    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{text[1:]} is not UTF-8 text", param_hint="--body") from None


_STYLES = {"continue": "green", "would-deny": "yellow", "deny": "red", "skipped": "dim"}
_MARKS = {"continue": "✓", "would-deny": "!", "deny": "✗", "skipped": "·"}
_PLAIN_MARKS = {"continue": "+", "would-deny": "!", "deny": "x", "skipped": "-"}


def _show(decision: Decision) -> None:
    from rich.text import Text

    from yett.cli.output import screen, visible

    marks = _PLAIN_MARKS if screen().options.ascii_only else _MARKS
    for phase in decision.phases:
        first, *rest = phase.reasons or ("",)
        line = Text().append(f"{marks[phase.outcome]} {phase.phase:<10}", style=_STYLES[phase.outcome])
        line.append(visible(first))
        screen().print(line)
        for reason in rest:
            screen().print(f"{'':12}{visible(reason)}")
    for violation in decision.violations:
        where = f"{violation.location} {violation.field}".strip()
        screen().print(Text(f"{'':12}{visible(where)}: {visible(violation.detail)} [{violation.code}]", style="yellow"))
    screen().print()
    screen().print(_verdict(decision))
    for change in decision.change:
        screen().print(Text().append("  to change that: ", style="cyan").append(visible(change)))
    for name, value in decision.headers:
        screen().print(Text(f"  {visible(name)}: {visible(value)}", style="dim"))


def _verdict(decision: Decision) -> str:
    from yett.cli.output import visible

    if not decision.allowed:
        return f"refused with {decision.status} {decision.code}"
    if decision.status is not None:
        return f"answered by the gateway with {decision.status}"
    return f"allowed, to {visible(decision.upstream or 'the upstream')}"
