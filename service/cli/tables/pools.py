"""A running service's pools, breakers and quotas, as its `GET /health` tells them."""

from pydantic import BaseModel

from service.cli.tables.layout import Cell, Page, bullets, facts, heading, table, word
from service.cli.tables.sources import sample_data_notice

__all__ = ["Health", "health_concerns", "health_page"]


class _Host(BaseModel):
    in_use: int
    idle: int
    waiting: int


class _Pool(_Host):
    limit: int
    max_idle: int
    created: int
    reused: int
    closed: dict[str, int]
    acquire_timeouts: int
    oldest_hold_seconds: float
    held_over_threshold: list[object]
    per_host: dict[str, _Host]


class _Breaker(BaseModel):
    state: str
    failures_in_a_row: int
    opened: int
    retry_after_s: float | None


class _Retries(BaseModel):
    requests: int
    retries: int


class _Quota(BaseModel):
    waiting: int
    refused: int


class _Upstream(BaseModel):
    configured: bool
    url: str
    sandbox: bool
    breaker: _Breaker | None
    retries: _Retries
    quota: _Quota


class Health(BaseModel):
    """What is shown of the answer; a newer service may tell more."""

    status: str
    version: str
    pid: int
    workers: int = 1
    uptime_s: float
    pools: dict[str, _Pool | None]
    upstreams: dict[str, _Upstream]


def health_concerns(health: Health) -> tuple[str, ...]:
    """What somebody is to look at: breakers that are not closed, connections in use for suspiciously long."""
    found = []
    for name, upstream in health.upstreams.items():
        if upstream.breaker is not None and upstream.breaker.state != "closed":
            found.append(f"the breaker of {name} is {upstream.breaker.state.replace('_', ' ')}")
    for mode, pool in health.pools.items():
        if pool is not None and pool.held_over_threshold:
            found.append(f"{len(pool.held_over_threshold)} connections of the {mode} pool are held for long")
    return tuple(found)


def health_page(health: Health, url: str) -> Page:
    """Both pools, each host, each agency."""
    found = health_concerns(health)
    # What follows is of the one that took the connection.
    others = f", one of {health.workers}" if health.workers > 1 else ""
    pools = {mode: pool for mode, pool in health.pools.items() if pool is not None}
    page: Page = [
        *sample_data_notice(sandbox=any(each.sandbox for each in health.upstreams.values())),
        facts(
            ("Service", f"{url}, {health.status}"),
            ("Version", health.version),
            ("Process", f"{health.pid}{others}, up for {health.uptime_s:.0f} s"),
        ),
        heading("Pools"),
        table(
            ("Pool", "In use", "Idle", "Waiting", "Limit", "Created", "Reused", "Closed", "Timeouts", "Held"),
            ((mode, *map(str, _figures(pool)), f"{pool.oldest_hold_seconds:.1f} s") for mode, pool in pools.items()),
        ),
    ]
    hosts = [
        (host, mode, str(each.in_use), str(each.idle), str(each.waiting))
        for mode, pool in pools.items()
        for host, each in pool.per_host.items()
    ]
    if hosts:
        page += [heading("Hosts"), table(("Host", "Pool", "In use", "Idle", "Waiting"), hosts)]
    return [
        *page,
        heading("Agencies"),
        table(
            ("Agency", "Keys", "Breaker", "Bad in a row", "Opened", "Requests", "Retries", "Waiting", "Refused"),
            (
                (
                    name,
                    "set" if each.configured else word("missing", "yellow"),
                    _breaker(each.breaker),
                    *(("-", "-") if each.breaker is None else map(str, _counts(each.breaker))),
                    str(each.retries.requests),
                    str(each.retries.retries),
                    str(each.quota.waiting),
                    str(each.quota.refused),
                )
                for name, each in health.upstreams.items()
            ),
        ),
        *([heading("To look at", "yellow"), bullets(found)] if found else [heading("Nothing to look at", "green")]),
    ]


def _figures(pool: _Pool) -> tuple[int, ...]:
    closed = sum(pool.closed.values())
    return pool.in_use, pool.idle, pool.waiting, pool.limit, pool.created, pool.reused, closed, pool.acquire_timeouts


def _counts(breaker: _Breaker) -> tuple[int, int]:
    return breaker.failures_in_a_row, breaker.opened


def _breaker(breaker: _Breaker | None) -> Cell:
    if breaker is None:
        return "off"
    if breaker.state == "closed":
        return word("closed", "green")
    again = "" if breaker.retry_after_s is None else f", again in {breaker.retry_after_s:.0f} s"
    return word(breaker.state.replace("_", " ") + again, "bold red")
