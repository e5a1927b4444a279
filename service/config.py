"""Every setting, with its unit and default. Read once, from the environment (`GATEWAY_...`) and the command line."""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.config import JsonDict
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from service import VERSION
from service.sandbox.faults import GRAMMAR, parse_faults
from tools.base import DEFAULT_DEADLINE_S
from tools.cache import SharedStore
from tools.hts import HTSTool
from tools.http_client import PoolLimits, PoolTimeouts
from tools.http_client.manager import DEFAULT_USER_AGENT
from tools.policy.quota import RATE_GRAMMAR, parse_rates
from tools.query_faults import reason_of
from tools.query_text import in_any_case
from tools.refusals import RefusalsTool
from tools.rulings import RulingsTool
from tools.sanctions import SanctionsTool
from tools.screening.gates import DEFAULT_MIN_ROWS

__all__ = ["LIST_URL", "PREFIX", "Config", "ConfigError", "unknown_names"]

PREFIX = "GATEWAY_"

#: The whole Consolidated Screening List, rebuilt every hour.
LIST_URL = "https://data.trade.gov/downloadable_consolidated_screening_list/v1/consolidated.csv"

_limits, _timeouts = PoolLimits(), PoolTimeouts()

_RULE = "settings_rule"
V = TypeVar("V")


class ConfigError(Exception):
    """Settings that cannot be. The message has one line for each: the variable, its value and what is allowed."""


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("not a base URL")
    return value.rstrip("/")


def _file_url(value: str) -> str:
    _base_url(value)
    return value


def _header_text(value: str) -> str:
    if not value.strip() or not value.isascii() or not value.isprintable():
        raise ValueError("not a header value")
    return value.strip()


def _rate(value: str) -> str:
    parse_rates(value)
    return value


def _cache_url(value: str) -> str:
    SharedStore(value, version=VERSION)
    return value


def _directory(value: Path) -> Path:
    if not value.is_dir():
        raise ValueError("not a directory")
    return value


def _fault_script(value: str) -> str:
    parse_faults(value)
    return value


def _key(value: SecretStr) -> SecretStr:
    return SecretStr(_header_text(value.get_secret_value()))


def _database_url(value: SecretStr) -> SecretStr:
    # What knows better takes a moment to import.
    from service.batches.postgres_link import check_database_url

    check_database_url(value.get_secret_value())
    return value


def _key_in_file(value: object) -> object:
    """The key that stands in the file at the path `value`."""
    try:
        return Path(str(value)).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ValueError("not a file with a key") from exc


Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Rate = Annotated[str, AfterValidator(_rate)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Key = Annotated[SecretStr, AfterValidator(_key)]
KeyFile = Annotated[SecretStr, BeforeValidator(_key_in_file), AfterValidator(_key)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
DatabaseUrlFile = Annotated[SecretStr, BeforeValidator(_key_in_file), AfterValidator(_database_url)]

_A_URL: JsonDict = {"allowed": "http:// or https://, a host, optionally a port and a path; nothing else"}
_A_RATE: JsonDict = {"allowed": RATE_GRAMMAR}
_A_CACHE: JsonDict = {"allowed": "redis://HOST:PORT/NUMBER, rediss://... or unix://..."}
_A_KEY: JsonDict = {"allowed": "printable ASCII, not empty"}
_A_KEY_FILE: JsonDict = {"allowed": "a readable file with the key in it, printable ASCII"}
_A_DATABASE: JsonDict = {"allowed": "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"}
_A_DATABASE_FILE: JsonDict = {"allowed": "a readable file with postgresql://USER:PASSWORD@HOST:PORT/DATABASE in it"}
#: What the command line calls a setting otherwise than by its name.
_OPTIONS = {"deadline_s": "--timeout", "sandbox_faults": "--fault"}
_KEYS = ("csl_subscription_key", "fda_authorization_user", "fda_authorization_key")
_KEY_FILES = tuple(f"{name}_file" for name in _KEYS)
_SWITCHES = ("sandbox", "trust_env", "retry", "breaker", "cache")
#: What is never shown, whatever is wrong with it.
_SECRETS = (*_KEYS, "database_url", "database_url_file")


class Config(BaseSettings):
    """The settings. Raises ConfigError with all that are wrong; names are those of the fields behind `GATEWAY_`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    # fmt: off
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 lets the system choose")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve; connections and rates are divided by it")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")
    log_format: Literal["auto", "json", "console"] = Field("auto", description="auto: console on a terminal, else JSON")
    user_agent: Annotated[str, AfterValidator(_header_text)] = Field(
        DEFAULT_USER_AGENT, description="Sent to the agencies; put a contact in it",
        json_schema_extra={"allowed": "printable ASCII, not empty"})

    sandbox: bool = Field(False, description="Answer from sample data, served on loopback in the agencies' formats")
    sandbox_data: Annotated[Path, AfterValidator(_directory)] | None = Field(
        None, description="Folder with the agencies' own export files for the sandbox, instead of the built-in set",
        json_schema_extra={"allowed": "an existing directory"})
    sandbox_faults: Annotated[str, AfterValidator(_fault_script)] | None = Field(
        None, description="What the sandbox does wrong, on purpose, separated by commas: csl=status:503@0.1",
        json_schema_extra={"allowed": GRAMMAR})

    hts_url: BaseUrl | None = Field(
        None, description=f"USITC HTS interface, or what stands in for it; unset: {HTSTool.default_base_url}",
        json_schema_extra=_A_URL)
    csl_url: BaseUrl | None = Field(
        None, description=f"Consolidated Screening List, likewise; unset: {SanctionsTool.default_base_url}",
        json_schema_extra=_A_URL)
    fda_url: BaseUrl | None = Field(
        None, description=f"FDA Data Dashboard, likewise; unset: {RefusalsTool.default_base_url}",
        json_schema_extra=_A_URL)
    cross_url: BaseUrl | None = Field(
        None, description=f"CBP CROSS, likewise; unset: {RulingsTool.default_base_url}",
        json_schema_extra=_A_URL)
    csl_subscription_key: Key | None = Field(
        None, description="Subscription key of the Consolidated Screening List (developer.trade.gov)",
        json_schema_extra=_A_KEY)
    csl_subscription_key_file: KeyFile | None = Field(
        None, description="File with that key, instead", json_schema_extra=_A_KEY_FILE)
    fda_authorization_user: Key | None = Field(
        None, description="User of the FDA Data Dashboard, an e-mail address", json_schema_extra=_A_KEY)
    fda_authorization_user_file: KeyFile | None = Field(
        None, description="File with that user, instead", json_schema_extra=_A_KEY_FILE)
    fda_authorization_key: Key | None = Field(
        None, description="Key of that user", json_schema_extra=_A_KEY)
    fda_authorization_key_file: KeyFile | None = Field(
        None, description="File with that key, instead", json_schema_extra=_A_KEY_FILE)

    sanctions_source: Literal["list", "api"] = Field(
        "list", description="Parties are screened by the list held here, or by the agency's search, unless asked")
    list_url: Annotated[str, AfterValidator(_file_url)] | None = Field(
        None, description=f"The consolidated file, CSV or JSON; unset: {LIST_URL}",
        json_schema_extra=_A_URL)
    list_min_rows: int | None = Field(
        None, ge=1, le=10_000_000,
        description=f"Fewest entries that a file must have to be believed; unset: {DEFAULT_MIN_ROWS}, 1 in the sandbox")
    data_dir: Path = Field(Path("data"), description="Folder for what is kept on disk: the lists")
    database_url: DatabaseUrl | None = Field(
        None, description="PostgreSQL for jobs beyond one machine; unset: they are kept in the data folder",
        json_schema_extra=_A_DATABASE)
    database_url_file: DatabaseUrlFile | None = Field(
        None, description="File with that URL, instead", json_schema_extra=_A_DATABASE_FILE)

    jobs_keep_days: int = Field(
        90, ge=0, le=36500, description="Days for which an ended job is kept, with its rows and results; 0: for ever")

    matching_processes: int | None = Field(
        None, ge=1, le=256, description="Processes that match many rows at once; unset: one per processor of ours")

    pool_max_connections: int = Field(
        _limits.max_connections, ge=1, le=10000, description="Open sockets per pool, idle ones included")
    pool_max_keepalive: int = Field(
        _limits.max_keepalive, ge=0, le=10000, description="Idle connections that a pool keeps")
    pool_keepalive_expiry_s: Seconds = Field(
        _limits.keepalive_expiry_s, description="An idle connection older than this is closed, never reused")
    pool_max_age_s: float = Field(
        _limits.max_age_s, gt=0, le=86400, allow_inf_nan=False,
        description="A connection older than this, less up to a tenth, is closed after its request")
    pool_connect_timeout_s: Seconds = Field(
        _timeouts.connect_s, description="Name resolution, TCP over all addresses and TLS, as one bound")
    pool_read_timeout_s: Seconds = Field(_timeouts.read_s, description="No byte came for this long")
    pool_write_timeout_s: Seconds = Field(_timeouts.write_s, description="The peer took no byte for this long")
    pool_acquire_timeout_s: Seconds = Field(_timeouts.acquire_s, description="Waiting for a free connection")
    pool_max_body_bytes: int = Field(
        _limits.max_body_bytes, ge=1024, le=2**31, description="Largest answer of an agency, decompressed")
    pool_hold_warning_s: Seconds = Field(
        _limits.hold_warning_s, description="A connection in use for longer is shown and logged as a possible leak")
    trust_env: bool = Field(False, description="Obey HTTP_PROXY, HTTPS_PROXY, NO_PROXY and netrc")

    retry: bool = Field(True, description="Send a request again that failed in a way that may pass")
    breaker: bool = Field(True, description="Leave an agency alone for a while that fails too often")
    cache: bool = Field(True, description="Keep agencies' answers, and ask equal questions once")
    cache_url: Annotated[str, AfterValidator(_cache_url)] | None = Field(
        None, description="Redis that shares kept answers between instances; unset: each keeps its own",
        json_schema_extra=_A_CACHE)
    cache_max_entries: int = Field(10_000, ge=1, le=10_000_000, description="Answers that a process keeps at most")
    cache_max_bytes: int = Field(
        64 * 1024 * 1024, ge=1024, le=2**40,
        description="The same in bytes")
    hts_rate: Rate | None = Field(
        None, description=f"How often USITC HTS is asked at most; unset: {HTSTool.default_rate}, 0 in the sandbox",
        json_schema_extra=_A_RATE)
    csl_rate: Rate | None = Field(
        None, description=f"Consolidated Screening List, likewise; unset: {SanctionsTool.default_rate}",
        json_schema_extra=_A_RATE)
    fda_rate: Rate | None = Field(
        None, description=f"FDA Data Dashboard, likewise; unset: {RefusalsTool.default_rate} (no bound is known)",
        json_schema_extra=_A_RATE)
    cross_rate: Rate | None = Field(
        None, description=f"CBP CROSS, likewise; unset: {RulingsTool.default_rate}",
        json_schema_extra=_A_RATE)

    deadline_s: Seconds = Field(DEFAULT_DEADLINE_S, description="Longest time that one tool call may take")
    deadline_max_s: Seconds = Field(
        60.0, description="Longest time that a caller may give a call by X-Request-Timeout")
    shutdown_s: Seconds = Field(25.0, description="Longest time that requests in flight get after SIGTERM")
    # fmt: on

    def __init__(self, **given: Any) -> None:
        try:
            super().__init__(**given)
        except ValidationError as exc:
            raise ConfigError(_explain(exc, type(self), given)) from exc

    # Rules about two settings are checked at the second of them, and not on the whole, so that they are said together
    # with what else is wrong.

    @field_validator("log_level", "log_format", "sanctions_source", *_SWITCHES, mode="before")
    @classmethod
    def _in_any_case(cls, word: object, info: ValidationInfo) -> object:
        words = get_args(cls.model_fields[info.field_name or ""].annotation)
        return in_any_case(word.strip() if isinstance(word, str) else word, words)

    @field_validator("sandbox_data", "sandbox_faults")
    @classmethod
    def _sandbox_settings_need_the_sandbox(cls, value: V, info: ValidationInfo) -> V:
        if value is not None and info.data.get("sandbox") is False:
            name = PREFIX + str(info.field_name).upper()
            raise _rule(f"{name} is {str(value)!r}, allowed: only together with {PREFIX}SANDBOX=1")
        return value

    @field_validator(*_KEYS, *_KEY_FILES)
    @classmethod
    def _keys_not_beside_the_sandbox(cls, value: V, info: ValidationInfo) -> V:
        # Sample data must never pass for live data, nor live keys go where no live agency is.
        if value is not None and info.data.get("sandbox"):
            raise _rule(f"{PREFIX}{str(info.field_name).upper()} is set, allowed: only without {PREFIX}SANDBOX")
        return value

    @field_validator(*_KEY_FILES, "database_url_file")
    @classmethod
    def _one_of_the_two(cls, value: V, info: ValidationInfo) -> V:
        beside = str(info.field_name).removesuffix("_file")
        # One that cannot be read is not in the data; it is set all the same, and has a fault of its own.
        if value is not None and info.data.get(beside) is not None:
            name = PREFIX + beside.upper()
            raise _rule(f"{name} is set, and {name}_FILE too, allowed: one of the two")
        return value

    @property
    def database(self) -> str | None:
        """The URL of the database for jobs, from the environment or from its file; None: there is none."""
        given = self.database_url or self.database_url_file
        return None if given is None else given.get_secret_value()

    def key(self, name: str) -> str | None:
        """The agency key `name` (`csl_subscription_key`, ...), from the environment or from its file."""
        given: SecretStr | None = getattr(self, name) or getattr(self, f"{name}_file")
        return None if given is None else given.get_secret_value()

    @property
    def jobs_kept_for(self) -> timedelta | None:
        """How long a job that has ended is kept; None: until it is removed."""
        return timedelta(days=self.jobs_keep_days) if self.jobs_keep_days else None

    @property
    def fewest_rows(self) -> int:
        """Fewest entries that a file of the list must have."""
        if self.list_min_rows is not None:
            return self.list_min_rows
        return 1 if self.sandbox else DEFAULT_MIN_ROWS

    @property
    def pool_limits(self) -> PoolLimits:
        """The bounds of each pool in this process, one of `workers`."""
        keepalive = self.pool_max_keepalive
        return PoolLimits(
            max_connections=max(1, self.pool_max_connections // self.workers),
            max_keepalive=keepalive and max(1, keepalive // self.workers),
            keepalive_expiry_s=self.pool_keepalive_expiry_s,
            max_age_s=self.pool_max_age_s,
            max_body_bytes=self.pool_max_body_bytes,
            hold_warning_s=self.pool_hold_warning_s,
        )

    @property
    def pool_timeouts(self) -> PoolTimeouts:
        """The time-outs of each pool."""
        return PoolTimeouts(
            connect_s=self.pool_connect_timeout_s,
            read_s=self.pool_read_timeout_s,
            write_s=self.pool_write_timeout_s,
            acquire_s=self.pool_acquire_timeout_s,
        )


def unknown_names(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Names in `environ` that look like settings of ours and are none, sorted."""
    known = {PREFIX + name.upper() for name in Config.model_fields}
    return sorted(name for name in environ if name.upper().startswith(PREFIX) and name.upper() not in known)


def _rule(said: str) -> PydanticCustomError:
    """A fault of settings that do not go together; `said` is the whole line."""
    return PydanticCustomError(_RULE, "{said}", {"said": said})


def _explain(exc: ValidationError, model: type[Config], given: Mapping[str, Any]) -> str:
    """One line for each setting that is wrong."""
    lines = [_line_of(each, model, given) for each in exc.errors(include_url=False)]
    return "\n".join(dict.fromkeys(lines))


def _line_of(error: ErrorDetails, model: type[Config], given: Mapping[str, Any]) -> str:
    if error["type"] == _RULE:
        return error["msg"]
    name = str(error["loc"][0])
    option = _OPTIONS.get(name) or f"--{name.replace('_', '-')}"
    where = option if name in given else PREFIX + name.upper()
    value = re.sub(r"//[^/@]*@", "//...@", repr(error["input"]))  # a password may stand in a URL
    if name in _SECRETS:
        value = "wrong (it is not shown)"
    return f"{where} is {value}, allowed: {_allowed(model, name) or reason_of(error)}"


def _allowed(model: type[Config], name: str) -> str:
    """What the field takes, in words, read from the same constraints that check it."""
    schema: dict[str, Any] = model.model_json_schema()["properties"].get(name, {})
    if "allowed" in schema:
        return str(schema["allowed"])
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if schema.get("type") == "boolean":
        return "1, 0, true, false, on, off, yes, no"
    if "maximum" in schema:
        what = "a whole number" if schema["type"] == "integer" else "a number"
        least = f"above {schema['exclusiveMinimum']:g}" if "exclusiveMinimum" in schema else f"from {schema['minimum']}"
        return f"{what} {least} up to {schema['maximum']}"
    return ""
