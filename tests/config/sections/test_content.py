"""`cache`, `compression`, `decompress_requests` and `transcode`: settings of APIs and operations, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.files import BOOKSHOP, load, only_mistake
from yett.model.content import Cache, Compression, Content, DecompressRequests


def with_settings(of_api: str, of_operation: str = "{}") -> str:
    """The bookshop with these lines at its API and its operation `getBook`."""
    at = "    base_path: /bookshop\n"
    return BOOKSHOP.replace(at, f"{at}    {of_api}\n    operations: {{getBook: {of_operation}}}\n")


def contents(folder: Path, of_api: str, of_operation: str = "{}") -> tuple[Content, Content | None]:
    """What the API and its operation do with content."""
    configuration = load(folder, with_settings(of_api, of_operation)).configuration
    assert configuration is not None
    (api,) = configuration.apis
    return api.content, api.operations[0].content


def test_nothing_is_on_unless_said(tmp_path: Path) -> None:
    assert contents(tmp_path, "max_body: 1MiB") == (Content(), Content())


def test_an_operation_takes_the_settings_of_its_api(tmp_path: Path) -> None:
    of_api, of_operation = contents(tmp_path, "cache: {default_ttl: 5s, headers: [X-Region, x-region]}")
    assert of_api == of_operation == Content(Cache(default_ttl_ms=5_000, headers=("x-region",)))


def test_an_operation_has_settings_of_its_own_or_none(tmp_path: Path) -> None:
    settings = "cache: {shared_between_callers: true}\n    compression: {}\n    transcode: [cbor]"
    _, own = contents(tmp_path, settings, "{cache: {max_object: 1KiB}, transcode: [msgpack]}")
    assert own == Content(Cache(max_object=1024), Compression(), ("msgpack",))
    _, none = contents(tmp_path, settings, "{cache: false, compression: false, transcode: []}")
    assert none == Content()


def test_requests_are_decoded_only_where_it_is_said(tmp_path: Path) -> None:
    settings = "decompress_requests: {algorithms: [br], max_ratio: 7}"
    of_api, own = contents(tmp_path, settings)
    assert of_api == own == Content(decompress_requests=DecompressRequests(("br",), 7))
    assert contents(tmp_path, settings, "{decompress_requests: false}")[1] == Content()
    _, own = contents(tmp_path, "max_body: 1MiB", "{decompress_requests: {}}")
    assert own == Content(decompress_requests=DecompressRequests(("gzip", "deflate", "br", "zstd"), 100))


def test_the_memory_of_the_cache_is_the_processes(tmp_path: Path) -> None:
    text = BOOKSHOP.replace("workers: 2}", "workers: 2, cache: {memory: 16MiB}}")
    configuration = load(tmp_path, text).configuration
    assert configuration is not None
    assert configuration.gateway.cache_bytes == 16 << 20


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ("cache: true", "/apis/0/cache"),
        ("decompress_requests: true", "/apis/0/decompress_requests"),
        ("decompress_requests: {algorithms: []}", "/apis/0/decompress_requests/algorithms"),
        ("decompress_requests: {algorithms: [gzip, gzip]}", "/apis/0/decompress_requests/algorithms"),
        ("decompress_requests: {algorithms: [lzma]}", "/apis/0/decompress_requests/algorithms/0"),
        ("decompress_requests: {max_ratio: 0}", "/apis/0/decompress_requests/max_ratio"),
        ("cache: {default_ttl: 5}", "/apis/0/cache/default_ttl"),
        ("cache: {default_ttl: 0s}", "/apis/0/cache/default_ttl"),
        ("cache: {max_object: 65MiB}", "/apis/0/cache/max_object"),
        ("cache: {max_object: 0}", "/apis/0/cache/max_object"),
        ("cache: {share: true}", "/apis/0/cache/share"),
        ("cache: {headers: [cookie]}", "/apis/0/cache/headers/0"),
        ("cache: {headers: [range]}", "/apis/0/cache/headers/0"),
        ("compression: {algorithms: []}", "/apis/0/compression/algorithms"),
        ("compression: {algorithms: [deflate]}", "/apis/0/compression/algorithms/0"),
        ("compression: {algorithms: [gzip, gzip]}", "/apis/0/compression/algorithms"),
        ("compression: {types: [json]}", "/apis/0/compression/types/0"),
        ("compression: {types: ['*/json']}", "/apis/0/compression/types/0"),
        ("transcode: [xml]", "/apis/0/transcode/0"),
        ("transcode: [cbor, cbor]", "/apis/0/transcode"),
    ],
)
def test_a_bad_value_is_told_where_it_stands(tmp_path: Path, settings: str, where: str) -> None:
    assert only_mistake(tmp_path, with_settings(settings)).pointer == where


def test_true_is_no_cache_of_an_operation(tmp_path: Path) -> None:
    found = only_mistake(tmp_path, with_settings("max_body: 1MiB", "{cache: true}"))
    assert found.pointer.startswith("/apis/0/operations/getBook/cache")


def test_too_little_memory_is_refused(tmp_path: Path) -> None:
    text = BOOKSHOP.replace("workers: 2}", "workers: 2, cache: {memory: 1KiB}}")
    assert only_mistake(tmp_path, text).pointer == "/gateway/cache/memory"
