"""Who may call over the DICOM network: a list of AE titles, each from anywhere or from one place."""

import ipaddress
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

#: Stands for any title. It is for a listener that only its own machine can reach.
ANYBODY = "*"
#: PS3.5 6.2, VR AE: at most 16 characters, no backslash.
TITLE_LONGEST = 16


@dataclass(frozen=True)
class Caller:
    """One entry of the list: an AE title, and the address or network that it must come from (None: any)."""

    title: str
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None

    def is_at(self, address: str) -> bool:
        """Say whether this caller may come from there."""
        return self.network is None or ipaddress.ip_address(address) in self.network


def check_ae_title(title: str, *, variable: str) -> str:
    """Return an AE title, or say which variable holds none.

    Raises
    ------
    ImproperlyConfigured
        If it has no or too many characters, or one that an AE title cannot have.
    """
    if not 0 < len(title) <= TITLE_LONGEST or not title.isascii() or not title.isprintable() or "\\" in title:
        raise ImproperlyConfigured(
            f"{variable} holds {title!r}, which is no AE title: 1 to {TITLE_LONGEST} plain characters, no backslash."
        )
    return title


def parse_callers(words: list[str]) -> list[Caller]:
    """Read the list of callers, entries as `CT01`, `CT01@10.0.0.7` or `*@10.0.0.0/24`.

    Raises
    ------
    ImproperlyConfigured
        If an entry is neither.
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
    """Return the entry that lets this title call from this address, one that names it before one for anybody."""
    fitting = [each for each in callers if each.title in {title, ANYBODY} and each.is_at(address)]
    return min(fitting, key=lambda each: each.title == ANYBODY, default=None)
