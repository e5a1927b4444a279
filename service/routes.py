"""Which path is answered by what."""

from aiohttp import web

from service.handlers import agencies, batch, job_events, job_results, jobs, lists, pages, snapshot, tools
from service.health import get_health, get_metrics, get_ready

__all__ = ["add_routes"]


def add_routes(app: web.Application) -> None:
    """Add every route."""
    app.router.add_get("/v1/hts", agencies.hts_search)
    app.router.add_get("/v1/hts/{code}", agencies.hts_line)
    app.router.add_get("/v1/sanctions", agencies.sanctions)
    app.router.add_post("/v1/sanctions", agencies.sanctions_by_example)
    app.router.add_post("/v1/sanctions/batch", batch.batch)
    app.router.add_post("/v1/jobs", jobs.begin)
    app.router.add_get("/v1/jobs/{id}", jobs.job)
    app.router.add_delete("/v1/jobs/{id}", jobs.remove)
    app.router.add_get("/v1/jobs/{id}/events", job_events.events)
    app.router.add_get("/v1/jobs/{id}/results", job_results.results)
    app.router.add_get("/v1/lists", lists.lists)
    app.router.add_get("/v1/lists/changes", lists.changes)
    app.router.add_get("/v1/refusals", agencies.refusals)
    app.router.add_get("/v1/rulings", agencies.rulings)
    app.router.add_get("/v1/rulings/{number}", agencies.ruling)
    app.router.add_post("/v1/snapshot", snapshot.snapshot)
    app.router.add_get("/v1/tools", tools.catalogue)
    app.router.add_post("/v1/tools/{name}", tools.run)
    app.router.add_get("/health", get_health)
    app.router.add_get("/health/ready", get_ready)
    app.router.add_get("/metrics", get_metrics)
    app.router.add_get("/openapi.json", pages.openapi)
    app.router.add_get("/", pages.page("page.html"))
    app.router.add_get("/docs", pages.page("docs.html"))
    app.router.add_get("/assets/{path:.+}", pages.asset)
