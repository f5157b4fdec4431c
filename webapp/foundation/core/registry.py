"""What apps show on each other's pages: an entry is registered by the app that owns it, read by the page that shows it.

Entries are registered in the `contributions` module of an app, which is imported once all apps are loaded
(`webapp.web.apps`). So a page need not know the apps that stand above it.
"""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from django.core.exceptions import ImproperlyConfigured


class Registered(Protocol):
    """What a registry holds: a name of its own, and its place among the others."""

    @property
    def name(self) -> str:
        """What tells it from the other entries."""

    @property
    def order(self) -> int:
        """Entries are read in ascending order."""


Entry = TypeVar("Entry", bound=Registered)


class Registry(Generic[Entry]):
    """Entries of one kind, in their order."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def register(self, *entries: Entry) -> None:
        """Add entries.

        Raises
        ------
        ImproperlyConfigured
            If an entry of that name is there already.
        """
        for entry in entries:
            if entry.name in self._entries:
                raise ImproperlyConfigured(f"Two apps register {entry.name!r}.")
            self._entries[entry.name] = entry

    def __iter__(self) -> Iterator[Entry]:
        """Go through the entries in their order."""
        return iter(sorted(self._entries.values(), key=lambda entry: (entry.order, entry.name)))
