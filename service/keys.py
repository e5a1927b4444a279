"""Every key under which the application keeps something."""

from aiohttp import web

from service.batches.ledger import Ledger
from service.batches.matching_pool import MatchingPool
from service.batches.pace import Paces
from service.config import Config
from service.life import Life
from service.lists import ListKeeping
from service.metrics import Metrics
from service.registry import Registry
from service.rendered import RenderedAnswers
from service.threads import ToolThreads
from tools.http_client import HTTPClientManager
from tools.transports import AnswerStore

__all__ = [
    "CLIENTS",
    "CONFIG",
    "LEDGER",
    "LIFE",
    "LISTS",
    "MATCHING",
    "METRICS",
    "PACES",
    "REGISTRY",
    "RENDERED",
    "REQUEST_ID",
    "STORE",
    "THREADS",
]

CONFIG = web.AppKey("config", Config)
LIFE = web.AppKey("life", Life)

METRICS = web.AppKey("metrics", Metrics)

#: These are there from start-up to clean-up.
CLIENTS = web.AppKey("clients", HTTPClientManager)
REGISTRY = web.AppKey("registry", Registry)
THREADS = web.AppKey("threads", ToolThreads)
MATCHING = web.AppKey("matching", MatchingPool)
#: The jobs, and how fast this process saw them go.
LEDGER: "web.AppKey[Ledger]" = web.AppKey("ledger")
PACES = web.AppKey("paces", Paces)
#: None: nothing is kept. (A union is no class that a key could be typed with at run time.)
STORE: "web.AppKey[AnswerStore | None]" = web.AppKey("store")
RENDERED: "web.AppKey[RenderedAnswers | None]" = web.AppKey("rendered")
#: None: the agency's search is asked.
LISTS: "web.AppKey[ListKeeping | None]" = web.AppKey("lists")

REQUEST_ID = web.RequestKey("request_id", str)
