"""The settings: what may stand in the environment, and what is said when something else does."""

from pathlib import Path

import pytest

from service.config import Config, ConfigError, unknown_names
from tools.http_client import PoolLimits, PoolTimeouts


def test_defaults_are_the_numbers_of_the_pools() -> None:
    config = Config()
    assert config.pool_limits == PoolLimits()
    assert config.pool_timeouts == PoolTimeouts()
    assert (config.host, config.port, config.sandbox, config.trust_env) == ("127.0.0.1", 8080, False, False)


def test_every_pool_setting_reaches_the_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("MAX_CONNECTIONS", "MAX_KEEPALIVE", "KEEPALIVE_EXPIRY_S", "MAX_AGE_S", "MAX_BODY_BYTES", "HOLD_WARNING_S")
    times = ("CONNECT_TIMEOUT_S", "READ_TIMEOUT_S", "WRITE_TIMEOUT_S", "ACQUIRE_TIMEOUT_S")
    for value, name in enumerate(names + times, start=2001):
        monkeypatch.setenv(f"GATEWAY_POOL_{name}", str(value))
    config = Config()
    assert config.pool_limits == PoolLimits(2001, 2002, 2003, 2004, 2005, 2006)
    assert config.pool_timeouts == PoolTimeouts(2007, 2008, 2009, 2010)


@pytest.mark.parametrize(
    ("workers", "connections", "keepalive", "each"),
    [(2, 100, 20, (50, 10)), (3, 100, 20, (33, 6)), (4, 2, 1, (1, 1)), (2, 1, 0, (1, 0)), (1, 7, 3, (7, 3))],
)
def test_of_several_processes_each_has_its_share_of_a_pool_and_at_least_one_connection(
    workers: int, connections: int, keepalive: int, each: tuple[int, int]
) -> None:
    limits = Config(workers=workers, pool_max_connections=connections, pool_max_keepalive=keepalive).pool_limits
    assert (limits.max_connections, limits.max_keepalive) == each


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "9000")
    assert Config().port == 9000
    assert Config(port="9001").port == 9001


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_HTS_URL", "")
    assert Config().hts_url is None


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("PORT", "70000", "a whole number from 0 up to 65535"),
        ("PORT", "http", "a whole number from 0 up to 65535"),
        ("LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("LOG_FORMAT", "xml", "auto, json, console"),
        ("SANDBOX", "maybe", "1, 0, true, false, on, off, yes, no"),
        ("SANDBOX_DATA", "no/such/folder", "an existing directory"),
        ("HTS_URL", "hts.usitc.gov", "http:// or https://, a host, optionally a port and a path; nothing else"),
        ("HTS_URL", "https://u:p@h/", "http:// or https://, a host, optionally a port and a path; nothing else"),
        ("USER_AGENT", "a\nb", "printable ASCII, not empty"),
        ("POOL_MAX_CONNECTIONS", "0", "a whole number from 1 up to 10000"),
        ("POOL_MAX_KEEPALIVE", "-1", "a whole number from 0 up to 10000"),
        ("POOL_CONNECT_TIMEOUT_S", "0", "a number above 0 up to 3600"),
        ("DEADLINE_S", "nan", "a number above 0 up to 3600"),
        ("SHUTDOWN_S", "inf", "a number above 0 up to 3600"),
    ],
)
def test_a_wrong_value_is_told_in_one_line_with_name_value_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(f"GATEWAY_{name}", value)
    with pytest.raises(ConfigError) as caught:
        Config()
    said = str(caught.value)
    assert said.startswith(f"GATEWAY_{name} is ")
    assert said.endswith(f", allowed: {allowed}")
    assert "\n" not in said


def test_a_wrong_value_of_the_command_line_is_named_by_its_option() -> None:
    with pytest.raises(ConfigError, match=r"^--port is 'x', allowed: "):
        Config(port="x")


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        Config(hts_url="https://name:secret@host/")
    assert "secret" not in str(caught.value)


def test_sandbox_data_without_the_sandbox_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_SANDBOX_DATA", ".")
    with pytest.raises(
        ConfigError, match=r"^GATEWAY_SANDBOX_DATA is .*, allowed: only together with GATEWAY_SANDBOX=1$"
    ):
        Config()


def test_names_that_are_no_settings_are_found() -> None:
    environ = {"GATEWAY_PROT": "1", "GATEWAY_PORT": "1", "gateway_host": "h", "OTHER": "x", "GATEWAY_": ""}
    assert unknown_names(environ) == ["GATEWAY_", "GATEWAY_PROT"]


@pytest.mark.parametrize("name", ["CSL_SUBSCRIPTION_KEY", "FDA_AUTHORIZATION_USER", "FDA_AUTHORIZATION_KEY"])
def test_a_key_comes_from_the_environment_or_from_a_file_and_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    assert Config().key(name.lower()) is None
    monkeypatch.setenv(f"GATEWAY_{name}", "s3cret")
    assert Config().key(name.lower()) == "s3cret"
    assert "s3cret" not in repr(Config())
    file = tmp_path / "key"
    file.write_text("in-a-file\n")
    monkeypatch.setenv(f"GATEWAY_{name}_FILE", str(file))
    with pytest.raises(ConfigError, match=rf"^GATEWAY_{name} is set, and GATEWAY_{name}_FILE too, allowed: one"):
        Config()
    monkeypatch.delenv(f"GATEWAY_{name}")
    assert Config().key(name.lower()) == "in-a-file"
    monkeypatch.setenv("GATEWAY_SANDBOX", "1")
    with pytest.raises(ConfigError, match=rf"^GATEWAY_{name}_FILE is set, allowed: only without GATEWAY_SANDBOX$"):
        Config()


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"two\nlines"])
def test_a_file_without_a_key_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    monkeypatch.setenv("GATEWAY_CSL_SUBSCRIPTION_KEY_FILE", str(file))
    with pytest.raises(ConfigError, match=r"^GATEWAY_CSL_SUBSCRIPTION_KEY_FILE is .*, allowed: a readable file"):
        Config()


def test_a_wrong_key_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CSL_SUBSCRIPTION_KEY", "s3crèt")
    with pytest.raises(ConfigError) as caught:
        Config()
    assert str(caught.value) == (
        "GATEWAY_CSL_SUBSCRIPTION_KEY is wrong (it is not shown), allowed: printable ASCII, not empty"
    )


def test_a_scripted_fault_that_cannot_be_read_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_SANDBOX", "1")
    monkeypatch.setenv("GATEWAY_SANDBOX_FAULTS", "csl=status:503@0.5,hts=explode")
    with pytest.raises(ConfigError, match=r"^GATEWAY_SANDBOX_FAULTS is .*explode.*, allowed: AGENCY=KIND"):
        Config()


@pytest.mark.parametrize("url", ["mysql://me:hunter2@db/x", "postgresql://me:hunter2@db:port/x", "hunter2"])
@pytest.mark.parametrize("in_file", [False, True])
def test_a_wrong_database_url_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, in_file: bool
) -> None:
    (tmp_path / "url").write_text(url)
    name = f"GATEWAY_DATABASE_URL{'_FILE' if in_file else ''}"
    monkeypatch.setenv(name, str(tmp_path / "url") if in_file else url)
    with pytest.raises(ConfigError, match=rf"^{name} is wrong \(it is not shown\), allowed: ") as caught:
        Config()
    assert "hunter2" not in str(caught.value)


def test_the_database_is_had_from_the_environment_or_from_a_file_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = "postgresql://me:hunter2@db:5433/jobs"
    (tmp_path / "url").write_text(f"{url}\n")
    assert Config().database is None
    monkeypatch.setenv("GATEWAY_DATABASE_URL_FILE", str(tmp_path / "url"))
    config = Config()
    assert config.database == url
    assert "hunter2" not in repr(config)
    monkeypatch.setenv("GATEWAY_DATABASE_URL", url)
    with pytest.raises(ConfigError, match=r"^GATEWAY_DATABASE_URL is set, and GATEWAY_DATABASE_URL_FILE too") as caught:
        Config()
    assert "hunter2" not in str(caught.value)


def test_every_wrong_setting_is_said_at_once_also_those_that_do_not_go_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("s3cret\n")
    for name, value in {
        "PORT": "http",
        "LOG_LEVEL": "loud",
        "SANDBOX": "1",
        "CSL_SUBSCRIPTION_KEY": "s3cret",
        "FDA_AUTHORIZATION_KEY_FILE": str(key),
        "DATABASE_URL": "postgresql://me:s3cret@db/x",
        "DATABASE_URL_FILE": "no/such/file",
    }.items():
        monkeypatch.setenv(f"GATEWAY_{name}", value)
    with pytest.raises(ConfigError) as caught:
        Config(workers="many")
    assert [line.split(" is ")[0] for line in str(caught.value).splitlines()] == [
        "GATEWAY_PORT",
        "--workers",
        "GATEWAY_LOG_LEVEL",
        "GATEWAY_CSL_SUBSCRIPTION_KEY",
        "GATEWAY_FDA_AUTHORIZATION_KEY_FILE",
        "GATEWAY_DATABASE_URL_FILE",
    ]
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("LOG_LEVEL", "INFO", "info"),
        ("LOG_LEVEL", " Warning ", "warning"),
        ("LOG_FORMAT", "Json", "json"),
        ("SANCTIONS_SOURCE", "API", "api"),
        ("SANDBOX", "ON", True),
        ("SANDBOX", " yes ", True),
        ("TRUST_ENV", "True", True),
        ("CACHE", "OFF", False),
    ],
)
def test_words_are_read_in_any_case(monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: object) -> None:
    monkeypatch.setenv(f"GATEWAY_{name}", value)
    assert getattr(Config(), name.lower()) == read
