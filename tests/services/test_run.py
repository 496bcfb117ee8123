"""A gateway follows its files. Nothing here waits: polls are called by hand."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.config.certificates import OPENSSL, make_pair
from tests.services.gateways import QuietGateway
from tests.services.places import CONTRACT, ENVIRONMENT, SETTINGS, lay_out
from yett.errors import ConfigurationError
from yett.gateway import GatewayOptions
from yett.services.news import News, Refused, Reloaded, ReloadFailed, SoundAgain, Started, Stopped, Stopping
from yett.services.run import Runner, run_gateway


class House:
    """A runner, its gateway and the news it has told."""

    def __init__(self, folder: Path, settings: str = SETTINGS) -> None:
        self.folder = folder
        self.news: list[News] = []
        self.runner = Runner(lay_out(folder, settings), ENVIRONMENT, self.news.append, self._make)

    def _make(self, options: GatewayOptions) -> QuietGateway:
        self.gateway = QuietGateway(options)
        return self.gateway

    def start(self) -> House:
        self.runner.start()
        return self

    def edit(self, settings: str) -> list[News]:
        """Change the configuration; returns the news of it."""
        (self.folder / "yett.yaml").write_text(settings)
        return self.settle()

    def settle(self) -> list[News]:
        """Poll as often as a change needs; returns the news."""
        told = len(self.news)
        self.runner.poll()
        self.runner.poll()
        return self.news[told:]


def test_a_start_applies_the_plan_before_it_serves_and_makes_the_pepper(tmp_path: Path) -> None:
    house = House(tmp_path).start()
    (started,) = house.news
    assert isinstance(started, Started)
    assert (started.apis, started.operations, started.bound.listen) == (1, 2, ("127.0.0.1:1234",))
    assert (tmp_path / ".yett" / "pepper").exists()
    assert house.gateway.options.listen == ("127.0.0.1:0",)


def test_a_start_with_mistakes_raises_them_all_and_makes_no_gateway(tmp_path: Path) -> None:
    house = House(tmp_path, SETTINGS.replace("shop:get*", "shop:gone*").replace("READER_KEY", "GONE_KEY"))
    with pytest.raises(ConfigurationError) as refusal:
        house.start()
    assert {one.code for one in refusal.value.diagnostics} == {"operation-unmatched", "secret-missing"}
    assert not hasattr(house, "gateway")


def test_nothing_happens_while_no_file_changes(tmp_path: Path) -> None:
    house = House(tmp_path).start()
    for _ in range(3):
        house.runner.poll()
    assert len(house.news) == len(house.gateway.snapshots) == 1


def test_a_good_edit_is_applied_once_it_has_come_to_rest(tmp_path: Path) -> None:
    house = House(tmp_path).start()
    (tmp_path / "yett.yaml").write_text("yett: 1\napis: [")
    house.runner.poll()
    (reloaded,) = house.edit(SETTINGS.replace("requests: 100", "requests: 200"))
    assert isinstance(reloaded, Reloaded)
    assert reloaded.restart_for == ()
    assert house.gateway.snapshots[-1]["profiles"][0]["limits"][0]["measure"]["amount"] == 200


def test_a_bad_edit_is_told_and_changes_nothing_and_a_mended_one_counts_again(tmp_path: Path) -> None:
    house = House(tmp_path).start()
    (refused,) = house.edit(SETTINGS.replace("per: minute", "per: minit"))
    assert isinstance(refused, Refused)
    assert refused.diagnostics[0].hint == "did you mean `minute`?"
    assert len(house.gateway.snapshots) == 1
    (sound,) = house.edit(SETTINGS)
    assert sound == SoundAgain(hashlib.sha256(house.gateway.raw[-1]).hexdigest())
    assert house.edit(SETTINGS + "\n") == []
    (reloaded,) = house.edit(SETTINGS.replace("requests: 100", "requests: 7"))
    assert isinstance(reloaded, Reloaded)


def test_a_snapshot_that_the_engine_refuses_is_told_with_its_place(tmp_path: Path) -> None:
    house = House(tmp_path).start()
    house.gateway.refuses = "/apis/0/operations/0/path"
    (refused,) = house.edit(SETTINGS.replace("requests: 100", "requests: 7"))
    assert isinstance(refused, Refused)
    (found,) = refused.diagnostics
    assert found.file == str(tmp_path / "shop.json")
    assert found.message.startswith("operation `shop:getBook`: ")


def test_a_changed_contract_and_a_changed_key_file_count_too(tmp_path: Path) -> None:
    settings = SETTINGS.replace("{env: READER_KEY}", "{file: reader.key}")
    (tmp_path / "reader.key").write_text(ENVIRONMENT["READER_KEY"])
    house = House(tmp_path, settings).start()
    (tmp_path / "shop.json").write_text(str(CONTRACT).replace("'", '"').replace("True", "true").replace("1.0.0", "2.0"))
    house.runner.poll()
    house.runner.poll()
    assert house.gateway.snapshots[-1]["apis"][0]["version"] == "2.0"
    (tmp_path / "reader.key").unlink()
    house.runner.poll()
    house.runner.poll()
    assert isinstance(house.news[-1], Refused)


def test_a_part_of_a_contract_that_was_away_for_one_poll_does_not_wedge_the_reload(tmp_path: Path) -> None:
    house = House(tmp_path)
    part, contract = tmp_path / "id.json", json.loads((tmp_path / "shop.json").read_text())
    contract["paths"]["/books/{id}"]["get"]["parameters"][0]["schema"] = {"$ref": "id.json"}
    (tmp_path / "shop.json").write_text(json.dumps(contract))
    part.write_text('{"type": "integer"}')
    house.start()
    part.unlink()
    (refused,) = house.settle()
    assert isinstance(refused, Refused)
    part.write_text('{"type": "integer", "minimum": 1}')
    (reloaded,) = house.settle()
    assert isinstance(reloaded, Reloaded)


def test_a_forced_reload_reads_contracts_anew(tmp_path: Path) -> None:
    house = House(tmp_path).start()
    path = tmp_path / "shop.json"
    before = path.stat()
    text = path.read_text()
    path.write_text(text.replace("1.0.0", "1.0.1"))
    os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
    house.settle()
    assert len(house.gateway.snapshots) == 1
    house.runner.poll(force=True)
    assert house.gateway.snapshots[-1]["apis"][0]["version"] == "1.0.1"


def test_a_touched_file_without_a_change_is_no_news(tmp_path: Path) -> None:
    house = House(tmp_path).start()
    os.utime(tmp_path / "yett.yaml", (1, 1))
    house.runner.poll()
    house.runner.poll()
    assert len(house.news) == len(house.gateway.snapshots) == 1


def test_a_forced_reload_looks_at_once(tmp_path: Path) -> None:
    house = House(tmp_path).start()
    (tmp_path / "yett.yaml").write_text(SETTINGS.replace("requests: 100", "requests: 7"))
    house.runner.poll(force=True)
    assert isinstance(house.news[-1], Reloaded)


def test_settings_of_the_process_wait_for_the_next_start_and_say_so(tmp_path: Path) -> None:
    house = House(tmp_path).start()
    (reloaded,) = house.edit(SETTINGS.replace("127.0.0.1:0", "127.0.0.1:8080"))
    assert isinstance(reloaded, Reloaded)
    assert reloaded.restart_for == ("listen",)
    assert len(house.gateway.snapshots) == 1


@OPENSSL
def test_a_renewed_certificate_is_taken_up_and_says_so(tmp_path: Path) -> None:
    make_pair(tmp_path)
    tls = "gateway: {tls: {certificate: server.pem, key: {file: server.key}}, "
    house = House(tmp_path, SETTINGS.replace("gateway: {", tls)).start()
    make_pair(tmp_path)
    (reloaded,) = house.settle()
    assert isinstance(reloaded, Reloaded)
    assert (reloaded.restart_for, reloaded.certificates) == ((), True)
    (renewed,) = house.gateway.renewed
    assert renewed["certificates"][0]["certificate"].endswith("server.pem")


@OPENSSL
def test_half_a_renewed_pair_is_refused_and_the_other_half_mends_it(tmp_path: Path) -> None:
    make_pair(tmp_path)
    make_pair(tmp_path, "next")
    tls = "gateway: {tls: {certificate: server.pem, key: {file: server.key}}, "
    house = House(tmp_path, SETTINGS.replace("gateway: {", tls)).start()
    (tmp_path / "next.pem").replace(tmp_path / "server.pem")
    (refused,) = house.settle()
    assert isinstance(refused, Refused)
    assert [one.code for one in refused.diagnostics] == ["key-mismatch"]
    assert house.gateway.renewed == []
    (tmp_path / "next.key").replace(tmp_path / "server.key")
    (reloaded,) = house.settle()
    assert isinstance(reloaded, Reloaded)
    assert reloaded.certificates


@OPENSSL
def test_tls_that_is_turned_on_waits_for_the_next_start(tmp_path: Path) -> None:
    make_pair(tmp_path)
    house = House(tmp_path).start()
    tls = "gateway: {tls: {certificate: server.pem, key: {file: server.key}}, "
    (reloaded,) = house.edit(SETTINGS.replace("gateway: {", tls))
    assert isinstance(reloaded, Reloaded)
    assert (reloaded.restart_for, house.gateway.renewed) == (("tls",), [])


def test_a_defect_while_reloading_does_not_take_the_gateway_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path).start()

    def broken(*_arguments: object, **_settings: object) -> None:
        raise RuntimeError(f"odd {ENVIRONMENT['READER_KEY']}")

    monkeypatch.setattr("yett.services.run.assemble", broken)
    (failed,) = house.edit(SETTINGS + "\n")
    assert failed == ReloadFailed("RuntimeError: odd yett_***")


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "No space left on device"), ValueError("closed")])
def test_news_that_nobody_can_be_told_do_not_take_the_gateway_down(tmp_path: Path, error: Exception) -> None:
    told: list[News] = []

    def tell(one: News) -> None:
        told.append(one)
        if isinstance(one, Reloaded):
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            (tmp_path / "yett.yaml").write_text(SETTINGS.replace("requests: 100", "requests: 7"))
        raise error

    run_gateway(lay_out(tmp_path), ENVIRONMENT, tell, make_gateway=QuietGateway)
    assert [type(one) for one in told] == [Started, Reloaded, Stopping, Stopped]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_drains_and_puts_the_handlers_back(tmp_path: Path, number: signal.Signals) -> None:
    news: list[News] = []
    before = signal.getsignal(number)

    def tell(one: News) -> None:
        news.append(one)
        if isinstance(one, Started):
            os.kill(os.getpid(), number)

    run_gateway(lay_out(tmp_path), ENVIRONMENT, tell, grace_s=3, make_gateway=QuietGateway)
    assert [type(one) for one in news] == [Started, Stopping, Stopped]
    assert signal.getsignal(number) is before


def test_a_hangup_reloads(tmp_path: Path) -> None:
    news: list[News] = []
    threads = threading.active_count()

    def tell(one: News) -> None:
        news.append(one)
        if isinstance(one, Started):
            (tmp_path / "yett.yaml").write_text(SETTINGS.replace("requests: 100", "requests: 7"))
            os.kill(os.getpid(), signal.SIGHUP)
        if isinstance(one, Reloaded):
            os.kill(os.getpid(), signal.SIGTERM)

    run_gateway(lay_out(tmp_path), ENVIRONMENT, tell, make_gateway=QuietGateway)
    assert isinstance(news[1], Reloaded)
    assert threading.active_count() == threads
