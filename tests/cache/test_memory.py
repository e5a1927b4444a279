"""What stays in memory, what makes room, and that the figures are true under any order of steps."""

import threading

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tools.cache import MemoryStats, MemoryStore


def content(value: str, size_bytes: int = 10) -> bytes:
    return value.encode()[:size_bytes].ljust(size_bytes, b".")


def filled(*keys: str, max_entries: int = 3, max_bytes: int = 100, size_bytes: int = 10) -> MemoryStore:
    store = MemoryStore(max_entries, max_bytes)
    for key in keys:
        store.put(key, content(key, size_bytes))
    return store


def held(store: MemoryStore, keys: str) -> str:
    """Which of `keys` are kept; asking changes their order."""
    return "".join(key for key in keys if store.get(key) is not None)


def test_what_was_put_is_found_and_nothing_else() -> None:
    store = filled("a")
    assert store.get("a") == content("a")
    assert store.get("b") is None
    assert store.stats() == MemoryStats(1, 10, 3, 100, hits=1, misses=1, evicted=0)


def test_the_oldest_makes_room_when_there_are_too_many() -> None:
    assert held(filled(*"abcd"), "abcd") == "bcd"


def test_what_is_too_large_together_makes_room_from_the_oldest_on() -> None:
    store = filled(*"abc", size_bytes=30)
    store.put("d", content("d", 70))
    assert held(store, "abcd") == "cd"
    assert (store.stats().bytes, store.stats().evicted) == (100, 2)


def test_what_is_asked_for_stays() -> None:
    store = filled(*"abc")
    store.get("a")
    store.put("d", content("d", 10))
    assert held(store, "abcd") == "acd"


def test_what_is_put_again_is_replaced_counts_once_and_is_the_newest() -> None:
    store = filled(*"abc")
    store.put("a", content("new", 20))
    assert (store.stats().entries, store.stats().bytes, store.stats().evicted) == (3, 40, 0)
    store.put("d", content("d", 10))
    assert held(store, "abcd") == "acd"
    assert store.get("a") == content("new", 20)


def test_one_that_is_too_large_alone_is_not_kept_nor_is_the_old_one_and_nobody_makes_room_for_it() -> None:
    store = filled(*"abc")
    store.put("a", content("new", 101))
    assert held(store, "abc") == "bc"
    assert store.stats().evicted == 0


def test_one_of_exactly_the_size_is_kept() -> None:
    store = filled("a", size_bytes=100)
    assert held(store, "a") == "a"


def test_a_store_for_no_entries_keeps_none() -> None:
    assert held(filled("a", max_entries=0), "a") == ""
    assert held(filled("a", max_bytes=0), "a") == ""


def test_threads_do_not_disturb_each_other() -> None:
    store = MemoryStore(max_entries=20, max_bytes=300)
    wrong: list[object] = []

    def work(number: int) -> None:
        for step in range(1000):
            key = str((number * 7 + step) % 40)
            store.put(key, content(key, step % 50))
            found = store.get(str(step % 40))
            if found is not None and not content(str(step % 40), 50).startswith(found[:2].rstrip(b".")):
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    stats = store.stats()
    assert stats.hits + stats.misses == 8 * 1000
    assert stats.bytes == sum(len(store.get(str(key)) or b"") for key in range(40))


class AnyOrder(RuleBasedStateMachine):
    """A list of (key, size), oldest use first, is what the store must agree with."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore(max_entries=3, max_bytes=10)
        self.model: list[tuple[str, int]] = []

    def forget(self, key: str) -> int | None:
        size = dict(self.model).get(key)
        self.model = [each for each in self.model if each[0] != key]
        return size

    @rule(key=st.sampled_from("abcde"), size=st.integers(0, 11))
    def put(self, key: str, size: int) -> None:
        self.store.put(key, content(f"{key}{size}", size))
        self.forget(key)
        if size <= 10:
            self.model.append((key, size))
        while len(self.model) > 3 or sum(size for _, size in self.model) > 10:
            self.model.pop(0)

    @rule(key=st.sampled_from("abcde"))
    def get(self, key: str) -> None:
        found = self.store.get(key)
        size = self.forget(key)
        if size is None:
            assert found is None
        else:
            assert found == content(f"{key}{size}", size)
            self.model.append((key, size))

    @invariant()
    def figures_are_true(self) -> None:
        stats = self.store.stats()
        assert (stats.entries, stats.bytes) == (len(self.model), sum(size for _, size in self.model))


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
