"""The figures that pools, policies, stores and the process keep of themselves, as Prometheus metrics.

Names follow Envoy's, HikariCP's and OpenTelemetry's where these have one. A label `server` is an agency's short name
(of several at one address, all of theirs), or `other` for a host that is none of theirs: never one somebody made up.
"""

from service.figures.cache import CacheFigures
from service.figures.jobs import JobFigures
from service.figures.lists import ListFigures
from service.figures.pools import PoolFigures, servers_of
from service.figures.process import ProcessFigures
from service.figures.upstreams import UpstreamFigures

__all__ = [
    "CacheFigures",
    "JobFigures",
    "ListFigures",
    "PoolFigures",
    "ProcessFigures",
    "UpstreamFigures",
    "servers_of",
]
