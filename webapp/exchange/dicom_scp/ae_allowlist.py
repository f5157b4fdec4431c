"""The AE allowlist: the AE titles that may associate with the listener, each from any address or from one network."""

import ipaddress
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

#: Stands for any AE title; meant for a listener that is reachable only from its own machine.
ANYBODY = "*"
#: PS3.5 6.2, VR AE: at most 16 characters, no backslash.
TITLE_LONGEST = 16


@dataclass(frozen=True)
class Caller:
    """One entry of the allowlist: an AE title, and the network from which it must call (None for any)."""

    title: str
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None

    def is_at(self, address: str) -> bool:
        """Return whether the caller may call from that address."""
        return self.network is None or ipaddress.ip_address(address) in self.network


def check_ae_title(title: str, *, variable: str) -> str:
    """Return the AE title if it is valid.

    Raises
    ------
    ImproperlyConfigured
        If it is empty, too long, or has a character that an AE title cannot have; the message names `variable`.
    """
    if not 0 < len(title) <= TITLE_LONGEST or not title.isascii() or not title.isprintable() or "\\" in title:
        raise ImproperlyConfigured(
            f"{variable} holds {title!r}, which is no AE title: 1 to {TITLE_LONGEST} plain characters, no backslash."
        )
    return title


def parse_callers(words: list[str]) -> list[Caller]:
    """Return the parsed allowlist; its entries look like `CT01`, `CT01@10.0.0.7` or `*@10.0.0.0/24`.

    Raises
    ------
    ImproperlyConfigured
        If an entry is none of these.
    """
    return [_caller(word) for word in words]


def _caller(word: str) -> Caller:
    title, at, place = word.partition("@")
    check_ae_title(title, variable="READROOM_DICOM_CALLERS")
    try:
        return Caller(title, ipaddress.ip_network(place, strict=False) if at else None)
    except ValueError:
        raise ImproperlyConfigured(
            f"READROOM_DICOM_CALLERS holds {word!r}: behind the @ stands no address and no network."
        ) from None


def caller_get(*, title: str, address: str, callers: list[Caller]) -> Caller | None:
    """Return the entry that admits this title from this address, preferably one with the title itself; else None."""
    fitting = [each for each in callers if each.title in {title, ANYBODY} and each.is_at(address)]
    return min(fitting, key=lambda each: each.title == ANYBODY, default=None)
