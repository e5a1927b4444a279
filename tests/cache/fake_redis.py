"""Servers on loopback that are no Redis, or a bad one; and what a true one says when it is asked past the store."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

__all__ = ["FakeRedis", "answering", "ask_redis", "serving"]

#: Serves one connection in a thread of its own; its end closes the connection.
Script = Callable[[socket.socket], None]


class FakeRedis:
    """Where it listens, and how many connections came."""

    def __init__(self, script: Script, port: int, tls: ssl.SSLContext | None) -> None:
        self.script, self._tls = script, tls
        self.accepted = 0
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def stop(self) -> None:
        """Ends everything and waits for it."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        self.hang_up()
        for thread in self._threads[1:]:
            thread.join()

    def hang_up(self) -> None:
        """Ends the connections that there are."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._tls is None:
                self.script(connection)
                return
            with self._tls.wrap_socket(connection, server_side=True) as wrapped:
                self._open.append(wrapped)
                self.script(wrapped)


@contextlib.contextmanager
def serving(script: Script, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[FakeRedis]:
    """A server that is ended with the test."""
    server = FakeRedis(script, port, tls)
    try:
        yield server
    finally:
        server.stop()


def answering(*replies: bytes) -> Script:
    """Sends one reply for whatever comes in, the last of them again and again; b"" is silence."""

    def serve(connection: socket.socket) -> None:
        number = 0
        while connection.recv(65536):
            connection.sendall(replies[min(number, len(replies) - 1)])
            number += 1

    return serve


def ask_redis(url: str, *words: str) -> bytes:
    """The reply, as it comes, of the Redis at a unix:// URL."""
    with socket.socket(socket.AF_UNIX) as plain:
        plain.connect(url.removeprefix("unix://"))
        plain.sendall(" ".join(words).encode() + b"\r\n")
        return plain.recv(65536)
