"""Every setting, with its unit and default. Read once, from the environment (`GATEWAY_...`) and the command line."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tools.base import DEFAULT_DEADLINE_S
from tools.hts import HTSTool
from tools.http_client import PoolLimits, PoolTimeouts
from tools.http_client.manager import DEFAULT_USER_AGENT

__all__ = ["PREFIX", "Config", "ConfigError", "unknown_names"]

PREFIX = "GATEWAY_"

_limits, _timeouts = PoolLimits(), PoolTimeouts()


class ConfigError(Exception):
    """A setting that cannot be. The message is one line that names the variable, its value and what is allowed."""


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("not a base URL")
    return value.rstrip("/")


def _header_text(value: str) -> str:
    if not value.strip() or not value.isascii() or not value.isprintable():
        raise ValueError("not a header value")
    return value.strip()


def _directory(value: Path) -> Path:
    if not value.is_dir():
        raise ValueError("not a directory")
    return value


Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]


class Config(BaseSettings):
    """The settings. Raises ConfigError on the first that is wrong; names are those of the fields behind `GATEWAY_`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    # fmt: off
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 lets the system choose")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")
    log_format: Literal["auto", "json", "console"] = Field("auto", description="auto: console on a terminal, else JSON")
    user_agent: Annotated[str, AfterValidator(_header_text)] = Field(
        DEFAULT_USER_AGENT, description="Sent to the agencies; put a contact in it",
        json_schema_extra={"allowed": "printable ASCII, not empty"})

    sandbox: bool = Field(False, description="Answer from sample data, served on loopback in the agencies' formats")
    sandbox_data: Annotated[Path, AfterValidator(_directory)] | None = Field(
        None, description="Folder with the agencies' own export files for the sandbox, instead of the built-in set",
        json_schema_extra={"allowed": "an existing directory"})
    hts_url: BaseUrl | None = Field(
        None, description=f"USITC HTS interface, or what stands in for it; unset: {HTSTool.default_base_url}",
        json_schema_extra={"allowed": "http:// or https://, a host, optionally a port and a path; nothing else"})

    pool_max_connections: int = Field(
        _limits.max_connections, ge=1, le=10000, description="Open sockets per pool, idle ones included")
    pool_max_keepalive: int = Field(
        _limits.max_keepalive, ge=0, le=10000, description="Idle connections that a pool keeps")
    pool_keepalive_expiry_s: Seconds = Field(
        _limits.keepalive_expiry_s, description="An idle connection older than this is closed, never reused")
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

    deadline_s: Seconds = Field(DEFAULT_DEADLINE_S, description="Longest time that one tool call may take")
    shutdown_s: Seconds = Field(25.0, description="Longest time that requests in flight get after SIGTERM")
    # fmt: on

    def __init__(self, **given: Any) -> None:
        try:
            super().__init__(**given)
        except ValidationError as exc:
            raise ConfigError(_explain(exc, type(self), given)) from exc

    @model_validator(mode="after")
    def _sandbox_data_needs_the_sandbox(self) -> "Config":
        if self.sandbox_data is not None and not self.sandbox:
            said = f"{PREFIX}SANDBOX_DATA is {str(self.sandbox_data)!r}, allowed: only together with {PREFIX}SANDBOX=1"
            raise ValueError(said)
        return self

    @property
    def pool_limits(self) -> PoolLimits:
        """The bounds of each pool."""
        return PoolLimits(
            max_connections=self.pool_max_connections,
            max_keepalive=self.pool_max_keepalive,
            keepalive_expiry_s=self.pool_keepalive_expiry_s,
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


def _explain(exc: ValidationError, model: type[Config], given: Mapping[str, Any]) -> str:
    first = exc.errors(include_url=False)[0]
    if not first["loc"]:
        return str(first["msg"]).removeprefix("Value error, ")
    name = str(first["loc"][0])
    where = f"--{name.replace('_', '-')}" if name in given else PREFIX + name.upper()
    value = re.sub(r"//[^/@]*@", "//...@", repr(first["input"]))  # a password may stand in a URL
    return f"{where} is {value}, allowed: {_allowed(model, name) or first['msg']}"


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
