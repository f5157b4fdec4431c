"""The addresses to which notices may be sent: public ones, and those that a setting allows (against SSRF)."""

import ipaddress
import socket
from dataclasses import dataclass

import httpx
from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: IPv6 networks whose addresses embed an IPv4 address to which packets are forwarded (RFC 6052, 8215, 3056, 4380).
CARRIERS = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class AddressRefusedError(ValueError):
    """Nothing may be sent to the address; the message is for the user who entered it."""


@dataclass(frozen=True)
class Target:
    """A URL with its address, resolved once: the request goes there even if the name resolves differently later."""

    url: httpx.URL
    address: str


def target_of(text: str) -> Target:
    """Return the target of a URL, after checking all addresses to which its host resolves.

    Raises
    ------
    AddressRefusedError
        If it is not an http or https URL, its host is unknown, or nothing may be sent to one of its addresses.
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
