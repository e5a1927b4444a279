"""An HTTP server that counts its established sockets as the kernel does. Run as a script; prints its two ports."""

import json
import socket
import threading

_ESTABLISHED = 1


class Counts:
    """How many sockets were established at once, and how many requests came."""

    def __init__(self) -> None:
        self.most = 0
        self.asked = 0
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()

    def came(self, arrival: socket.socket) -> None:
        """Count `arrival` and those that are established still, now that it is: so many there were at once."""
        with self._lock:
            at_once = 1 + sum(map(_is_established, self._sockets))
            self._sockets.add(arrival)
            self.most = max(self.most, at_once)

    def went(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.remove(connection)

    def note_request(self) -> None:
        with self._lock:
            self.asked += 1


def _is_established(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _ESTABLISHED


def answer(connection: socket.socket, counts: Counts) -> None:
    """Answer what comes over `connection` until it ends. Each request comes in one piece."""
    try:
        while head := connection.recv(65536):
            counts.note_request()
            if head.split(b" ")[1] != b"/hold":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    except OSError:
        pass  # the client is gone
    counts.went(connection)
    connection.close()


def tell_counts(control: socket.socket, counts: Counts) -> None:
    """Give the counts to those that ask for them."""
    while True:
        connection, _ = control.accept()
        with connection:
            connection.sendall(json.dumps({"most": counts.most, "asked": counts.asked}).encode())


def serve() -> None:
    """Serve until this process is ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    control = socket.create_server(("127.0.0.1", 0))
    counts = Counts()
    threading.Thread(target=tell_counts, args=(control, counts)).start()
    print(listener.getsockname()[1], control.getsockname()[1], flush=True)  # noqa: T201 - how a test finds it
    while True:
        connection, _ = listener.accept()
        counts.came(connection)
        threading.Thread(target=answer, args=(connection, counts)).start()


if __name__ == "__main__":
    serve()
