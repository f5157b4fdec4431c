"""Where a notice may go: not to this machine, nor into its network, unless a setting says so (no forged requests)."""

import ipaddress
import socket
from dataclasses import dataclass

import httpx
from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Addresses that lead a packet on to an IPv4 address inside them (RFC 6052, 8215, 3056, 4380).
CARRIERS = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class AddressRefusedError(ValueError):
    """The address may not be told anything; the message is for whoever named it."""


@dataclass(frozen=True)
class Target:
    """An address whose name was looked up once: it is this machine that is called, whatever the name says next."""

    url: httpx.URL
    address: str


def target_of(text: str) -> Target:
    """Return where a URL leads.

    Raises
    ------
    AddressRefusedError
        If it is no http or https address, is not known, or leads where nothing may be sent.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as wrong:
        raise AddressRefusedError("This is not an address.") from wrong
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.fragment:
        raise AddressRefusedError("The address must begin with https:// and name a machine, without user or password.")
    try:
        found = socket.getaddrinfo(
            url.host, url.port or (443 if url.scheme == "https" else 80), type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as unknown:
        raise AddressRefusedError(f"No machine is known as {url.host[:100]}.") from unknown
    addresses = [ipaddress.ip_address(str(told[4][0]).partition("%")[0]) for told in found]
    for address in addresses:
        _check(address, scheme=url.scheme)
    return Target(url, str(addresses[0]))


def _check(address: Address, *, scheme: str) -> None:
    plain = getattr(address, "ipv4_mapped", None) or address
    if any(plain in network for network in settings.WEBHOOK_NETWORKS):
        return
    if not plain.is_global or plain.is_multicast or any(plain in network for network in CARRIERS):
        raise AddressRefusedError(
            f"The address leads to {plain}, which is not a public one: READROOM_WEBHOOK_NETWORKS must allow it."
        )
    if scheme != "https":
        raise AddressRefusedError("A public address must begin with https://.")
