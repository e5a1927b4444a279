"""A PostgreSQL of the test's own, from Debian's programs: made in a temporary folder, killed, restarted, removed."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

__all__ = ["ThrowAwayPostgres", "binaries"]

_WITHIN_S = 60.0
#: Nothing has to outlive the machine; what a killed server had written, the kernel still has.
_SETTINGS = ("fsync=off", "full_page_writes=off", "listen_addresses=", "shared_buffers=64MB", "max_connections=100")


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`; None when there are none."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((each for each in folders if (each / "initdb").exists() and (each / "postgres").exists()), None)


class ThrowAwayPostgres:
    """One server on a Unix socket. As root it runs as somebody else: it refuses root."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._user = _somebody() if os.getuid() == 0 else None
        # Not below pytest's folder: nobody but root gets in there.
        self.home = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
        if self._user is not None:
            os.chown(self.home, self._user.pw_uid, self._user.pw_gid)
        self._data = self.home / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        init = [str(programs / "initdb"), "-D", str(self._data), "-U", "gateway", "-A", "trust", "-N", "-E", "UTF8"]
        self._run(init, wait=True)

    def _run(self, command: list[str], *, wait: bool) -> subprocess.Popen[bytes]:
        who: dict[str, Any] = {}
        if self._user is not None:
            who = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        with (self.home / "log").open("ab") as log:
            # Not in our group: who interrupts the tests does not interrupt it in the middle of them.
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command, cwd=self.home, stdout=log, stderr=log, env={"LC_ALL": "C"}, start_new_session=True, **who
            )
        if wait and process.wait(_WITHIN_S) != 0:
            raise RuntimeError(self.log())
        return process

    def log(self) -> str:
        """What the server has said."""
        return (self.home / "log").read_text(errors="replace")

    def url(self, database: str = "postgres", user: str = "gateway") -> str:
        """Where to connect to."""
        return f"postgresql://{user}@/{database}?host={self.home}"

    def start(self) -> None:
        """Start the server, again after a kill, and wait until it answers."""
        settings = [word for each in _SETTINGS for word in ("-c", each)]
        self._process = self._run(
            [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self.home), *settings], wait=False
        )
        until = time.monotonic() + _WITHIN_S
        while True:
            try:
                psycopg.connect(self.url()).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(self.log()) from None
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """kill -9 of the server and of all its processes, as a power cut does."""
        if self._process is None:
            return
        pid = self._process.pid
        os.kill(pid, signal.SIGSTOP)  # it starts no other one meanwhile
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (*map(int, children), pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def new_database(self) -> str:
        """The URL of an empty database that nobody else uses."""
        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def remove(self) -> None:
        """End it, and leave nothing."""
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


def _somebody() -> pwd.struct_passwd:
    """Who the server runs as when the tests run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("there is no user that PostgreSQL could run as")
