"""The settings of a command: those of the environment, and the options that take their place."""

import argparse
from typing import Any

from service.cli.output import complain
from service.config import Config, unknown_names
from service.logs import set_up_logging

__all__ = ["prepared_to_ask", "read_settings"]

_TO_ASK = ("deadline_s", "sandbox", "sandbox_data")


def read_settings(arguments: argparse.Namespace, *names: str) -> Config:
    """The settings; where the options `names` were given, theirs. Raises ConfigError."""
    given: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    faults = getattr(arguments, "fault", None)
    given["sandbox_faults"] = ",".join(faults) if faults else None
    return Config(**{name: value for name, value in given.items() if value is not None})


def prepared_to_ask(arguments: argparse.Namespace) -> Config:
    """The settings of a command that asks, once. Raises ConfigError.

    An answer says what went wrong with it, so that nothing is logged unless GATEWAY_LOG_LEVEL wants it.
    """
    config = read_settings(arguments, *(name for name in _TO_ASK if hasattr(arguments, name)))
    set_up_logging(config.log_level if "log_level" in config.model_fields_set else "critical", config.log_format)
    if unknown := unknown_names():
        complain(f"settings that do not exist are ignored: {', '.join(unknown)}")
    # It asks alone, whatever the service does.
    return config.model_copy(update={"workers": 1})
