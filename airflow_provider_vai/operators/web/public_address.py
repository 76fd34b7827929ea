"""Decides which addresses a page may be fetched from: public ones, so that no page reaches inside the network."""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NotPublic(ValueError):
    """The host's address is private, local or reserved."""


async def resolved(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the addresses of ``host``, in the order in which they should be tried.

    :param host: a name, or an address in any spelling that the system's resolver takes (``127.1``, ``0x7f.1``).
    :param port: only for the resolver.
    :param allow_private: accept addresses that are not public.
    :raises NotPublic: one of them is not public: a name that stands for both kinds is refused as a whole.
    :raises OSError: the name does not resolve.
    """
    import asyncio

    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not allow_private and not is_public(ipaddress.ip_address(address)):
            raise NotPublic(
                f"the address of {host!r} ({address}) is not public: a connection whose extra holds"
                ' {"allow_private": true} opens it'
            )
    return addresses


def is_public(address: Address) -> bool:
    """Return whether ``address`` is one of the public internet; an IPv4 address inside IPv6 counts as itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return False  # no resolver has a reason to answer so
        if address in _NAT64:  # how a network of IPv6 alone names an IPv4 host
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
