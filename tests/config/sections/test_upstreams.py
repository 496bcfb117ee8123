"""`upstream`: what its settings become, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, mistakes, only_mistake
from yett.compile.upstreams import compile_upstream
from yett.model.upstream import Hash, Upstream

PAGE = Path(__file__).resolve().parents[3] / "docs" / "upstreams.md"
URL = "http://127.0.0.1:9000"


def text(upstream: str) -> str:
    """The bookshop with another upstream."""
    return BOOKSHOP.replace(URL, upstream)


def upstream(folder: Path, written: str) -> Upstream:
    """The upstream that `written` becomes."""
    loaded = load(folder, text(written))
    assert loaded.diagnostics == ()
    return loaded.configuration.apis[0].upstream


def test_a_plain_url_says_nothing_that_is_a_default(tmp_path: Path) -> None:
    assert set(compile_upstream(upstream(tmp_path, URL))) == {
        "targets",
        "connect_timeout_ms",
        "response_timeout_ms",
        "idle_timeout_ms",
        "preserve_host",
    }


@pytest.mark.parametrize(
    ("written", "chosen", "compiled"),
    [
        ("round-robin", "round-robin", None),
        ("least-loaded", "least-loaded", "least-loaded"),
        ("{hash: address}", Hash("address"), {"hash": "address"}),
        ("{hash: app}", Hash("app"), {"hash": "app"}),
        ("{hash: {header: X-Session}}", Hash("header", "x-session"), {"hash": {"header": "x-session"}}),
        ("{hash: {cookie: session}}", Hash("cookie", "session"), {"hash": {"cookie": "session"}}),
        ("{hash: {path: id}}", Hash("path", "id"), {"hash": {"path": "id"}}),
    ],
)
def test_every_way_to_choose(tmp_path: Path, written: str, chosen: object, compiled: object) -> None:
    built = upstream(tmp_path, f'{{targets: [{{url: "{URL}"}}], balance: {written}}}')
    assert built.balance == chosen
    assert compile_upstream(built).get("balance") == compiled


def test_versions_have_targets_shares_and_headers(tmp_path: Path) -> None:
    built = upstream(
        tmp_path,
        f'{{versions: [{{name: stable, weight: 95, targets: [{{url: "{URL}"}}]}},'
        f' {{name: canary, weight: 0, targets: [{{url: "{URL}"}}], match: {{header: {{X-Canary: "1"}}}}}}]}}',
    )
    assert [one["weight"] for one in compile_upstream(built)["versions"]] == [95, 0]
    assert compile_upstream(built)["versions"][1]["header"] == [{"name": "x-canary", "value": "1"}]
    assert len(built.all_targets()) == 2


@pytest.mark.parametrize(
    ("written", "code", "pointer"),
    [
        ("{targets: []}", "target-missing", "/apis/0/upstream"),
        (f'{{targets: [{{url: "{URL}"}}], versions: [{{name: a, targets: [{{url: "{URL}"}}]}}]}}',
         "target-missing", "/apis/0/upstream"),
        (f'{{versions: [{{name: a, weight: 0, targets: [{{url: "{URL}"}}]}}]}}', "target-missing", "/apis/0/upstream"),
        (f'{{versions: [{{name: a, targets: [{{url: "{URL}"}}]}}, {{name: a, targets: [{{url: "{URL}"}}]}}]}}',
         "name-duplicate", "/apis/0/upstream/versions/1"),
        (f'{{targets: [{{url: "{URL}"}}], balance: {{hash: host}}}}', "", "/apis/0/upstream/balance/hash"),
        (f'{{targets: [{{url: "{URL}"}}], affinity: {{cookie: a b}}}}',
         "cookie-invalid", "/apis/0/upstream/affinity/cookie"),
        (f'{{targets: [{{url: "{URL}"}}], health: {{path: healthz}}}}', "path-invalid", "/apis/0/upstream/health/path"),
        (f'{{targets: [{{url: "{URL}"}}], retries: {{attempts: 0}}}}', "", "/apis/0/upstream/retries/attempts"),
        (f'{{targets: [{{url: "{URL}"}}], retries: {{when: [500]}}}}', "", "/apis/0/upstream/retries/when/0"),
        (f'{{targets: [{{url: "{URL}"}}], outlier: {{panic: 101}}}}', "", "/apis/0/upstream/outlier/panic"),
        (f'{{targets: [{{url: "{URL}"}}], mirror: {{url: "ftp://x"}}}}', "url-invalid", "/apis/0/upstream/mirror/url"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_with_its_place(tmp_path: Path, written: str, code: str, pointer: str) -> None:
    found = only_mistake(tmp_path, text(written))
    assert found.pointer == pointer
    assert code in ("", found.code)


@pytest.mark.parametrize("example", re.findall(r"(?:^ {4}.*\n)+", PAGE.read_text(), re.MULTILINE))
def test_examples_of_the_page_are_sound(tmp_path: Path, example: str) -> None:
    assert example.lstrip().startswith("upstream:")
    whole = BOOKSHOP.replace(f"    upstream: {URL}\n", example)
    assert whole != BOOKSHOP
    assert mistakes(tmp_path, whole) == []


@pytest.mark.parametrize(
    ("settings", "code", "pointer"),
    [
        ("timeout: 1s, retries: {per_try_timeout: 2s}", "timeout-unreachable", "/retries/per_try_timeout"),
        ("response_timeout: 1s, retries: {per_try_timeout: 2s}", "timeout-unreachable", "/retries/per_try_timeout"),
        ("health: {path: /healthz, interval: 1ms}", "health-hasty", "/health/interval"),
        ("affinity: {cookie: at}", "affinity-idle", "/affinity"),
    ],
)
def test_settings_that_are_hardly_meant_are_warned_of(tmp_path: Path, settings: str, code: str, pointer: str) -> None:
    loaded = load(tmp_path, text(f'{{targets: [{{url: "{URL}"}}], {settings}}}'))
    (found,) = loaded.diagnostics
    assert (found.code, found.severity, found.pointer) == (code, "warning", f"/apis/0/upstream{pointer}")
    assert found.hint


def test_settings_that_have_an_effect_are_not_warned_of(tmp_path: Path) -> None:
    targets = f'targets: [{{url: "{URL}"}}, {{url: "http://127.0.0.1:9001"}}]'
    settings = (
        "timeout: 3s, retries: {per_try_timeout: 2s}, health: {path: /healthz, interval: 1s}, affinity: {cookie: at}"
    )
    upstream(tmp_path, f"{{{targets}, {settings}}}")
