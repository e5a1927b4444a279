"""Reads the consolidated file of all lists once, as the keeper of the list would, and keeps nothing of it."""

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from service.config import LIST_URL, PREFIX, Config
from service.doctor.checkup import Checkup, Status, host_of, shape_seen, status_of, without_path
from service.doctor.findings import Finding, Place, of_error, proxy_is_ignored, sample_data, slow, was_reached
from service.doctor.list_findings import of_list
from service.parts import list_url, lists_folder
from service.sandbox import Sandbox
from tools.errors import ToolError
from tools.http_client import AsyncClient
from tools.screening.build import judge
from tools.screening.gates import Figures
from tools.screening.store import ListStore
from tools.transports.list_download import download_list

__all__ = ["examine_list"]


@dataclass(frozen=True, slots=True)
class _ListRead:
    """The file as it was found: the seconds that it took to come, what was counted, what is to be said of it."""

    took_s: float
    figures: Figures
    findings: tuple[Finding, ...]
    published: datetime | None
    is_sample_data: bool


async def examine_list(config: Config, sandbox: Sandbox | None, client: AsyncClient, within_s: float) -> Checkup:
    """Return what the file came to. It is read whatever is wrong with the folder in which the list is to be kept."""
    url = list_url(config, sandbox)
    if config.sanctions_source == "api":
        # No party is screened by it then, so that nothing in it matters.
        return _list_checkup(url, sandbox, status="not_used", reachable=None)
    folder = lists_folder(config)
    findings = [] if (fault := _folder_fault(folder)) is None else [fault]
    began = time.monotonic()
    try:
        read = await _read_list(config, client, url, within_s, folder if fault is None else None)
    except (ToolError, OSError) as exc:
        error = exc if isinstance(exc, ToolError) else None
        if error is None:
            said = f"the file could not be stored for reading: {getattr(exc, 'strerror', None) or exc}"
            findings.append(
                Finding("disk", "unusable", said, "make room in the data folder, or in that for temporary files")
            )
        else:
            place = Place(
                "csl", f"{PREFIX}LIST_URL", proxy_is_ignored=proxy_is_ignored(os.environ, trust_env=config.trust_env)
            )
            findings.append(of_error(error, None, place))
        took_ms = (time.monotonic() - began) * 1000
        return _list_checkup(url, sandbox, findings, reachable=was_reached(error), requests=1, elapsed_ms=took_ms)
    findings += read.findings
    findings += slow(read.took_s, within_s)
    if read.is_sample_data and not config.sandbox:
        findings.append(sample_data())
    return _list_checkup(
        url,
        sandbox,
        findings,
        reachable=True,
        requests=1,
        elapsed_ms=read.took_s * 1000,
        rows=read.figures.rows,
        version=None if read.published is None else f"{read.published:%Y-%m-%d %H:%M} UTC",
        sandbox_says=read.is_sample_data,
    )


async def _read_list(config: Config, client: AsyncClient, url: str, within_s: float, kept_in: Path | None) -> _ListRead:
    """Fetch and judge it, by what is in force in the folder `kept_in`, if any is. Raises ToolError, OSError."""
    with tempfile.TemporaryDirectory(prefix="gateway-doctor-", dir=_room(config)) as folder:
        began = time.monotonic()
        fetched = await download_list(client, url, Path(folder) / "list", {}, within_s=within_s)
        took_s = time.monotonic() - began
        assert fetched is not None  # noqa: S101 - for the type checker; only conditions are answered with 304
        # Where nothing is in force, any empty folder will do.
        store = ListStore(kept_in or Path(folder) / "none")
        judged = await asyncio.to_thread(judge, store, fetched, min_rows=config.fewest_rows)
        acceptance = await asyncio.to_thread(store.acceptance, fetched.sha256)
    findings = of_list(
        judged.reading.figures,
        judged.gates,
        accepted_by=None if acceptance is None else acceptance.by,
        published=None if fetched.is_sample_data else fetched.published,
        now=datetime.now(UTC),
    )
    return _ListRead(took_s, judged.reading.figures, tuple(findings), fetched.published, fetched.is_sample_data)


def _room(config: Config) -> Path | None:
    """Where the file may lie while it is read; None: where temporary files do, which may be too small for it."""
    swept = lists_folder(config) / "incoming"
    return next((each for each in (swept, config.data_dir) if each.is_dir() and os.access(each, os.W_OK)), None)


def _folder_fault(folder: Path) -> Finding | None:
    """Why the list cannot be kept in `folder`, which need not be there yet."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return None
    said = f"the list cannot be kept: {there} is no folder that can be written to"
    return Finding("folder", "unusable", said, f"set {PREFIX}DATA_DIR to a folder that can be written to")


def _list_checkup(
    url: str,
    sandbox: Sandbox | None,
    findings: Sequence[Finding] = (),
    *,
    status: Status | None = None,
    reachable: bool | None,
    requests: int = 0,
    elapsed_ms: float = 0.0,
    rows: int = 0,
    version: str | None = None,
    sandbox_says: bool = False,
) -> Checkup:
    return Checkup(
        subject="list",
        name="Consolidated Screening List, the file of all lists",
        status=status or status_of(findings),
        host=host_of(url),
        sandbox=sandbox is not None or sandbox_says,
        reachable=reachable,
        key="not_needed",
        shape=shape_seen(findings, rows),
        requests=requests,
        elapsed_ms=round(elapsed_ms, 1),
        rows=rows,
        version=version,
        findings=tuple(replace(each, detail=without_path(each.detail, url, LIST_URL)) for each in findings),
    )
