"""Versions of APIs: listed, told apart, going, and who is told."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from yett.errors import ConfigurationError, YettError
from yett.services.access import Scene, read_scene
from yett.services.usage import Use, read_usage
from yett.services.versions import (
    changelog_text,
    changes_between,
    list_versions,
    notices,
    state_of,
    still_called,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()


def contract(version: str, *, with_page: bool) -> dict[str, Any]:
    authors = {"get": {"operationId": "listAuthors", "responses": {"200": {"description": "Authors."}}}}
    page = {"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": version},
        "paths": {
            "/books": {
                "get": {
                    "operationId": "listBooks",
                    "summary": "Books",
                    "parameters": [page] if with_page else [],
                    "responses": {"200": {"description": "Books."}},
                }
            },
            **({"/authors": authors} if with_page else {}),
        },
    }


def settings() -> dict[str, Any]:
    def api(major: str, **more: Any) -> dict[str, Any]:
        place = {"of": "shop", "is": major, "in": {"header": "api-version"}}
        return {
            "name": f"shop-{major}",
            "contract": f"{major}.json",
            "upstream": "http://127.0.0.1:9000",
            "base_path": "/shop",
            "version": place | more.pop("version", {}),
            **more,
        }

    going = {
        "deprecated": "2026-10-01",
        "sunset": "2026-12-24",
        "guide": "https://docs.example.org/2",
        "brownouts": [{"from": "2026-12-10T10:00:00Z", "until": "2026-12-10T10:30:00Z"}],
    }
    return {
        "yett": 1,
        "apis": [api("1", retire=going), api("2", version={"default": True})],
        "profiles": [{"name": "reader", "grants": [{"operation": "shop-1:listBooks"}]}],
        "teams": [{"name": "crew"}],
        "apps": [{"name": "reader-app", "team": "crew", "profiles": ["reader"], "keys": [{"env": "READER_KEY"}]}],
    }


def scene(folder: Path, configuration: dict[str, Any]) -> Scene:
    (folder / "1.json").write_text(json.dumps(contract("1.4.0", with_page=False)))
    (folder / "2.json").write_text(json.dumps(contract("2.0.0", with_page=True)))
    (folder / "yett.yaml").write_text(json.dumps(configuration))
    return read_scene(str(folder / "yett.yaml"), {}, now=NOW)


def log(folder: Path, *lines: Any) -> list[str]:
    path = folder / "access.log"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return [str(path)]


def event(operation: str, app: str | None, time: str) -> dict[str, Any]:
    return {"time": time, "operation": operation, "app": app}


def test_versions_are_listed_with_how_a_request_says_so_and_what_goes(tmp_path: Path) -> None:
    first, second = list_versions(scene(tmp_path, settings()))
    assert (first.of, first.version, first.placed, first.state) == ("shop", "1", "header api-version", "deprecated")
    assert (second.of, second.version, second.state, second.going) == ("shop", "2", "active", ())
    assert [one.operation for one in first.going] == ["shop-1:listBooks"]


def test_an_operation_may_go_earlier_than_its_api(tmp_path: Path) -> None:
    configuration = settings()
    configuration["apis"][0]["operations"] = {"listBooks": {"retire": {"sunset": "2026-11-01"}}}
    going = list_versions(scene(tmp_path, configuration))[0].going[0]
    assert (going.state, going.retirement.guide) == ("retired", "https://docs.example.org/2")


def test_the_state_is_what_the_gateway_enforces(tmp_path: Path) -> None:
    retirement = list_versions(scene(tmp_path, settings()))[0].going[0].retirement
    at = {"2026-09-30": "active", "2026-10-01": "deprecated", "2026-12-10T10:15": "brownout", "2026-12-24": "retired"}
    for moment, state in at.items():
        assert state_of(retirement, datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) == state


def test_who_still_calls_is_told_by_the_log_whatever_else_is_in_it(tmp_path: Path) -> None:
    lines = (
        event("shop-1:listBooks", "reader-app", "2026-11-01T10:00:00.000Z"),
        event("shop-1:listBooks", "reader-app", "2026-11-20T10:00:00.000Z"),
        event("shop-2:listBooks", "reader-app", "2026-11-21T10:00:00.000Z"),
        "[]",
        '{"time": 3}',
        '{"cut off',
    )
    called = still_called(scene(tmp_path, settings()), read_usage(log(tmp_path, *lines)))
    assert [(one.app, one.team, one.operation, one.use) for one in called] == [
        ("reader-app", "crew", "shop-1:listBooks", Use(2, "2026-11-20T10:00:00.000Z"))
    ]


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2026-10-01", "it is deprecated from today on"),
        ("2026-10-02", None),
        ("2026-11-24", "it is gone in 30 days"),
        ("2026-12-09", "it is switched off for a while tomorrow, from 10:00 UTC"),
        ("2026-12-23", "it is gone in 1 day"),
    ],
)
def test_teams_are_told_at_the_announced_steps(tmp_path: Path, day: str, reason: str | None) -> None:
    usage = read_usage(log(tmp_path, event("shop-1:listBooks", "reader-app", "2026-11-01T10:00:00.000Z")))
    told = notices(scene(tmp_path, settings()), usage, date.fromisoformat(day))
    assert [one.reason for one in told] == ([] if reason is None else [reason])
    assert all((one.team, one.sunset) == ("crew", "2026-12-24") for one in told)


def test_nobody_is_told_of_what_they_do_not_call(tmp_path: Path) -> None:
    assert notices(scene(tmp_path, settings()), {}, date(2026, 11, 24)) == ()


def test_the_changelog_and_the_guide_come_from_the_contracts(tmp_path: Path) -> None:
    steps = changes_between(scene(tmp_path, settings()), "shop")
    assert [(old.version, new.version) for old, new, _ in steps] == [("1", "2")]
    whole, guide = (changelog_text("shop", steps, guide=guide) for guide in (False, True))
    assert "## From 1 to 2" in whole
    assert "page" in guide
    assert "/authors" in whole
    assert "/authors" not in guide


def test_the_guide_names_what_is_gone_though_it_was_announced(tmp_path: Path) -> None:
    read = scene(tmp_path, settings())
    old, new = contract("1.4.0", with_page=True), contract("2.0.0", with_page=True)
    old["paths"]["/<b>"] = {"get": old["paths"]["/authors"]["get"] | {"operationId": "old", "deprecated": True}}
    (tmp_path / "1.json").write_text(json.dumps(old))
    (tmp_path / "2.json").write_text(json.dumps(new))
    guide = changelog_text("shop", changes_between(read, "shop"), guide=True)
    assert "### Gone, as announced\n\n- GET /\\<b\\>\n" in guide
    assert "Nothing that you call has to change" not in guide


def test_what_has_one_version_only_has_no_changelog(tmp_path: Path) -> None:
    with pytest.raises(YettError, match="nothing is a version of `shopp`") as caught:
        changes_between(scene(tmp_path, settings()), "shopp")
    assert "shop" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": {"of": "shop", "is": "2", "in": {"query": "v"}}}, "base-path-taken"),
        ({"version": None}, "base-path-taken"),
        ({"version": {"of": "shop", "is": "1", "in": {"header": "api-version"}}}, "version-twice"),
        ({"version": {"of": "shop", "is": "2", "in": {"header": "a", "query": "b"}}}, "version-place"),
        ({"version": {"of": "shop", "is": "2", "in": {"header": "api-version"}, "fallback": True}}, "version-fallback"),
        ({"retire": {"deprecated": "2026-12-01", "sunset": "2026-11-01"}}, "sunset-early"),
        ({"retire": {"sunset": "2026-12-01", "brownouts": [{"from": "2026-12-02", "until": "2026-12-03"}]}},
         "brownout-late"),
        ({"retire": {"brownouts": [{"from": "2026-12-03", "until": "2026-12-02"}]}}, "window-empty"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    configuration = settings()
    configuration["apis"][1] |= change
    with pytest.raises(ConfigurationError) as caught:
        scene(tmp_path, configuration)
    assert code in {one.code for one in caught.value.diagnostics}


def test_two_defaults_are_a_mistake(tmp_path: Path) -> None:
    configuration = settings()
    configuration["apis"][0]["version"]["default"] = True
    with pytest.raises(ConfigurationError) as caught:
        scene(tmp_path, configuration)
    assert "version-defaults" in {one.code for one in caught.value.diagnostics}


def test_a_log_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(YettError, match="cannot read"):
        read_usage([str(tmp_path / "nothing.log")])
