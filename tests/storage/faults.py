"""Processes that die between two operations, on stores and catalogues; conftest.py loads it as fixture `faults`."""

from collections.abc import Callable
from typing import Any

CHANGES = ("put", "put_file", "put_if_absent", "copy", "delete", "insert", "tombstone")


class Killed(BaseException):
    """Stands for SIGKILL: no `except Exception` of the product may see it."""


class Life:
    """Counts changes, and ends just before or just after one of them; after that nothing works any more.

    Parameters
    ----------
    dies_at
        Number of the change, from 1; 0 never dies.
    done
        Whether that change still takes place.
    """

    def __init__(self, dies_at: int = 0, *, done: bool = False) -> None:
        self.dies_at, self.done, self.changes = dies_at, done, 0
        self.dead = False

    def wrap(self, thing: Any) -> "Mortal":
        return Mortal(thing, self)

    def change(self, act: Callable[[], Any]) -> Any:
        self.changes += 1
        if self.changes != self.dies_at:
            return act()
        self.dead = True
        if self.done:
            act()
        raise Killed


class Mortal:
    """A store or catalogue of one process that may die."""

    def __init__(self, thing: Any, life: Life) -> None:
        self._thing, self._life = thing, life

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._thing, name)
        if not callable(attribute):
            return attribute

        def call(*arguments: Any, **options: Any) -> Any:
            if self._life.dead:
                raise Killed
            if name in CHANGES:
                return self._life.change(lambda: attribute(*arguments, **options))
            return attribute(*arguments, **options)

        return call


def contents(store: Any) -> dict[str, bytes]:
    """Every object of a store."""
    return {info.key: store.get(info.key) for info in store.list("")}
