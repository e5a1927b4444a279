"""Screens a file of rows: a job in the ledger of the data folder, which this process computes, or a service there."""

import argparse
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, datetime

from service.batches.columns import Columns, parse_mapping
from service.batches.file_faults import FileFault
from service.batches.ledger import Job, LedgerUnavailable
from service.batches.opening import computed_here, make_ledger_here
from service.batches.options import screening_options
from service.batches.report import Summary, summary_of
from service.batches.rows import ScreeningOptions
from service.batches.sqlite_ledger import SqliteLedger
from service.batches.versions import HeldVersions, ListVersion
from service.cli.asking import tell_error
from service.cli.batch_file import BatchFile, open_file
from service.cli.batch_job import JobGone, Wanted, begin, followed, goes_on, pages
from service.cli.batch_target import BadTarget, Target, target_of
from service.cli.batch_told import Bar, exit_of_job, progress_bar, summary_text
from service.cli.exits import BAD_USAGE, NOT_ANSWERED
from service.cli.holding import held_list
from service.cli.opening import sandbox_beside
from service.cli.output import complain, write, write_aside
from service.cli.settings import prepared_to_ask
from service.config import Config
from service.envelope import as_json
from service.event_loop import run
from service.lists import ListKeeping
from service.lock_file import LockFile
from service.parts import make_clients, make_matching, make_row_screening, make_store
from service.registry import Registry, make_tools
from service.sandbox import Sandbox
from service.threads import ToolThreads
from tools.errors import InvalidQuery, ToolError
from tools.query_faults import FaultCollector
from tools.sanctions import SanctionsTool

__all__ = ["screen_file"]

_OPTIONS = ("threshold", "sources", "algorithm", "via")


def screen_file(arguments: argparse.Namespace) -> int:
    """Screen all rows of a file, and write what they came to."""
    config = prepared_to_ask(arguments)
    if arguments.json and arguments.output in (None, "-"):
        complain("--json: standard output has the results; say where they are to go with -o FILE")
        return BAD_USAGE
    if config.database is not None:
        complain(
            "batch: jobs are in the database of GATEWAY_DATABASE_URL, whose workers compute them: send the file to a "
            "service with POST /v1/jobs, or unset it to screen the file here"
        )
        return BAD_USAGE
    try:
        mapping, options = _mapping_and_options(arguments, config)
        target = target_of(arguments.output, arguments.format, given=arguments.file, sandbox=config.sandbox)
        batch_file = open_file(arguments.file, mapping, arguments.charset)
    except (BadTarget, OSError) as exc:
        complain(f"{arguments.file}: {exc.strerror or exc}" if isinstance(exc, OSError) else str(exc))
        return BAD_USAGE
    except InvalidQuery as exc:
        complain("; ".join(f"--{each.parameter}: {each.detail}" for each in exc.faults))
        return BAD_USAGE
    with ExitStack() as stack:
        stack.enter_context(batch_file.file)
        sandbox = stack.enter_context(sandbox_beside(config))
        return _Batch(config, sandbox, batch_file, options, target, arguments).run()


def _mapping_and_options(arguments: argparse.Namespace, config: Config) -> tuple[dict[str, str], ScreeningOptions]:
    """What the words of the command say. Raises InvalidQuery with all that is wrong."""
    faults = FaultCollector()
    mapping, options = dict[str, str](), ScreeningOptions()
    with faults.reading():
        mapping = parse_mapping(arguments.map or ())
    with faults.reading():
        asked = {name: value for name in _OPTIONS if (value := getattr(arguments, name)) is not None}
        options = screening_options(asked, config.sanctions_source)
    faults.raise_if_any()
    return mapping, options


class _Batch:
    """One run of the command."""

    def __init__(
        self,
        config: Config,
        sandbox: Sandbox | None,
        batch_file: BatchFile,
        options: ScreeningOptions,
        target: Target,
        arguments: argparse.Namespace,
    ) -> None:
        self._config, self._sandbox, self._file = config, sandbox, batch_file
        self._options, self._target = options, target
        self._name, self._anew, self._as_json = arguments.file, arguments.anew, arguments.json
        self._code = NOT_ANSWERED
        self._is_kept = False
        self._columns: Columns | None = None
        self._encoding: str | None = None

    def run(self) -> int:
        """The exit code. Raises KeyboardInterrupt, CannotWrite."""
        try:
            run(self._run())
        except FileFault as exc:
            complain(f"{self._name}: {str(exc).replace('map=name=', '--map name=')}")
            return BAD_USAGE
        except ToolError as exc:
            return tell_error(exc, "", as_body=False, screening=True)
        except (JobGone, LedgerUnavailable) as exc:
            complain(str(exc))
            return NOT_ANSWERED
        except KeyboardInterrupt:
            if self._is_kept:
                complain("interrupted: the same command goes on where it was")
            raise
        return self._code

    async def _run(self) -> None:
        fingerprint, self._columns = await self._file.look_through()
        ledger = make_ledger_here(self._config)
        with progress_bar() as bar:
            async with self._computing(ledger) as (lists, tool):
                wanted = Wanted(fingerprint, self._options, await self._version(lists, tool))
                lock = LockFile(ledger.path.with_name(f"{wanted.key[:30]}.lock"))
                try:
                    if not await lock.take():
                        complain("another run of this command is at the same file, in the same way")
                        self._code = BAD_USAGE
                        return
                    await self._screen(ledger, wanted, bar)
                    lock.remove()
                finally:
                    lock.release()

    async def _version(self, lists: ListKeeping | None, tool: SanctionsTool) -> ListVersion | None:
        if self._options.via == "list":
            return await HeldVersions(lists).newest()
        tool.require_key()
        return None

    async def _screen(self, ledger: SqliteLedger, wanted: Wanted, bar: Bar) -> None:
        bar("reading the file", 0, None)
        job = await self._left_by_another_run(ledger, wanted)
        if job is None:
            upload = self._file.upload()
            job = await begin(ledger, wanted, upload, sandbox=self._config.sandbox)
            self._columns, self._encoding = upload.reader.columns, upload.reader.encoding
        self._is_kept = True
        job = await followed(ledger, job, lambda each: bar("screening", each.counts.rows, each.rows))
        bar("writing the results", 0, None)
        await self._target.write(pages(ledger, job))
        # The same command is to screen by the list that is in force then, not to tell of this one again.
        self._is_kept = False
        await ledger.forget(job.new.id)
        while await ledger.tidy():
            pass
        self._tell(job)
        self._code = exit_of_job(job)

    async def _left_by_another_run(self, ledger: SqliteLedger, wanted: Wanted) -> Job | None:
        job = await ledger.job_by_key(wanted.key)
        if job is None:
            return None
        if not self._anew and goes_on(job, wanted, datetime.now(UTC)):
            complain(f"going on where an earlier run was: {job.counts.rows:,} of {job.rows:,} rows are done")
            return job
        if not self._anew and job.status != "receiving":
            complain("begun anew: what an earlier run has done does not hold any more")
        await ledger.forget(job.new.id)
        return None

    def _tell(self, job: Job) -> None:
        if self._as_json:
            write(as_json(self._summary(job)) + b"\n")
        else:
            write_aside(summary_text(job, sandbox=self._config.sandbox, columns=self._columns))

    def _summary(self, job: Job) -> Summary:
        return summary_of(
            job.counts,
            list_version=job.new.list_version,
            list_as_of=job.new.list_as_of,
            columns=self._columns,
            encoding=self._encoding,
            request_id=job.new.id,
            sandbox=self._config.sandbox,
        )

    @asynccontextmanager
    async def _computing(self, ledger: SqliteLedger) -> AsyncIterator[tuple[ListKeeping | None, SanctionsTool]]:
        """While the body runs, chunks of `ledger` are computed. Yield the list (None: it is not asked) and the tool."""
        config = self._config
        async with AsyncExitStack() as stack:
            clients = make_clients(config)
            stack.push_async_callback(clients.aclose, drain_s=0.0)
            store = make_store(config)
            if store is not None:
                if store.answers.shared is not None:
                    stack.push_async_callback(store.answers.shared.aclose)
                stack.push_async_callback(store.in_tasks.aclose)
            lists = None
            if self._options.via == "list":
                lists = await held_list(config, self._sandbox)
            tools = make_tools(
                config,
                store,
                self._sandbox,
                client=clients.sync_client,
                async_client=clients.async_client,
                lists=lists,
            )
            matching = make_matching(config)
            stack.push_async_callback(matching.aclose)
            registry = Registry(tools, ToolThreads(acquire_s=config.pool_acquire_timeout_s))
            screening = make_row_screening(matching, lists, registry)
            await stack.enter_async_context(computed_here(ledger, screening, matching.processes))
            yield lists, registry.sanctions
