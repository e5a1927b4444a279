"""The gateway's settings for a run of the lab."""

from collections.abc import Mapping

from tests.integration.faults.upstream import Agency

__all__ = ["KEYS", "settings_for"]

KEYS = {
    "csl_subscription_key": "k3y-of-the-lab",
    "fda_authorization_user": "someone@example.test",
    "fda_authorization_key": "k3y-of-the-lab",
}


def settings_for(agencies: Mapping[str, Agency], **more: object) -> dict[str, object]:
    """A gateway that asks `agencies` without quotas, with all its other policies; `more` adds and overrides."""
    urls = {f"{name}_url": agency.peer.url("").rstrip("/") for name, agency in agencies.items()}
    quotas = {f"{name}_rate": "0" for name in agencies}
    return {**KEYS, **urls, "retry": True, "breaker": True, "cache": True, **quotas, **more}
