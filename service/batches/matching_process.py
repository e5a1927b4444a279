"""A process that matches for the service: `python -m service.batches.matching_process`, driven by `matching_pool`.

It reads frames of rows from its input and writes frames of results to its output. The list is mapped into memory, so
that processes share it. It ends with its input, that is with the process that started it, whatever it is doing.
"""

import gc
import os
import queue
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from service.batches.computing import screen_rows
from service.batches.frames import answer_frame, read_frame, request_in
from tools.screening.held_list import HeldList

__all__ = ["main"]

#: Requests of people go first.
_NICE = 10
#: A job that is pinned to the last version goes on beside one with the newest.
_LISTS_KEPT = 2


def main() -> None:
    """Answer until the input ends."""
    os.nice(_NICE)
    requests: queue.SimpleQueue[tuple[dict[str, object], bytes]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, requests), name="requests", daemon=True).start()
    lists: dict[str, HeldList] = {}
    while True:
        answer = _answer(requests.get(), lists)
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


def _read(stream: BinaryIO, requests: "queue.SimpleQueue[tuple[dict[str, object], bytes]]") -> None:
    while (frame := read_frame(stream)) is not None:
        requests.put(frame)
    # Nobody waits for an answer any more: not after the rows that are being matched, but now.
    os._exit(0)


def _answer(frame: tuple[dict[str, object], bytes], lists: dict[str, HeldList]) -> bytes:
    asked = request_in(frame)
    try:
        held = _open(asked.folder, lists)
    except (OSError, ValueError) as exc:
        return answer_frame([], [], f"the list {Path(asked.folder).name} cannot be opened: {exc}")
    return answer_frame(*screen_rows(asked.rows, held, asked.options, tell_version=asked.tell_version))


def _open(folder: str, lists: dict[str, HeldList]) -> HeldList:
    held = lists.pop(folder, None)
    if held is None:
        held = HeldList.open(Path(folder))
        # What is there by now stays; to look through it again and again costs more than it finds.
        gc.collect()
        gc.freeze()
    lists[folder] = held
    while len(lists) > _LISTS_KEPT:
        del lists[next(iter(lists))]
    return held


if __name__ == "__main__":
    main()
