"""One question to the service's own REST API, and its answer as a table: what `make run` greets with."""

import asyncio
import sys
import urllib.request
from typing import Any

import orjson

__all__ = ["as_table", "show_one_answer"]

PATH = "/v1/hts/8507.60.00.20"


async def show_one_answer(service_url: str) -> None:
    """Ask the service at `service_url`, print the answer and where to go on."""
    body = await asyncio.to_thread(_get, service_url + PATH)
    sys.stdout.write(as_table(orjson.loads(body)) + f"\n\nServing on {service_url} - try: curl {service_url}{PATH}\n")
    sys.stdout.flush()


def _get(url: str) -> bytes:
    # Not one of the pooled clients: the figures in /health are to be those of the callers alone.
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - our own address
        content: bytes = answer.read()
    return content


def as_table(answer: dict[str, Any]) -> str:
    """The answer about one tariff line, one fact a row."""
    line, source = answer["result"]["line"], answer["source"]
    rows = [
        ("Tariff line", line["code"]),
        ("Description", " > ".join([*line["path"], line["description"]])),
        *((f"Rate, {name}", _rate(rate)) for name, rate in line["rates"].items()),
        ("Units", ", ".join(line["units"]) or "none"),
        *(
            ("May add" if link["kind"] == "additional" else f"Linked ({link['kind']})", link["code"])
            for link in line["linked_headings"]
        ),
        ("Source", f"{source['name']}, {source['version']}" + (", SAMPLE DATA" if source["sandbox"] else "")),
        ("Retrieved", f"{source['retrieved_at']}, {source['attempts']} requests, {source['elapsed_ms']:g} ms"),
    ]
    return "\n".join(f"{name:<16} {value}" for name, value in rows)


def _rate(rate: dict[str, Any]) -> str:
    if rate["text"] is None:
        return f"not stated: {rate['reason']}"
    return f"{rate['text']} (stated at {rate['inherited_from']})"
