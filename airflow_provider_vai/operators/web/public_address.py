"""Restricts fetched pages to public IP addresses, so that no URL reaches into the private network."""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NotPublic(ValueError):
    """A host has a private, local or reserved address."""


async def resolved(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the IP addresses of ``host``, in the order in which they should be tried.

    :param host: a name, or an address in any form that the system's resolver accepts (``127.1``, ``0x7f.1``).
    :param port: used only for resolving.
    :param allow_private: also accept addresses that are not public.
    :raises NotPublic: an address is not public. If a name has public and private addresses, it is refused.
    :raises OSError: the name cannot be resolved.
    """
    import asyncio

    entries = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    for address in addresses:
        if not allow_private and not is_public(ipaddress.ip_address(address)):
            raise NotPublic(
                f"the address of {host!r} ({address}) is not public: to allow it, set conn_id to a connection with"
                ' {"allow_private": true} in its extra'
            )
    return addresses


def is_public(address: Address) -> bool:
    """Return whether ``address`` is on the public internet.

    A NAT64 address is public if the IPv4 address inside it is. Other IPv6 forms of IPv4 addresses are not public.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return False  # a resolver has no reason to return this form
        if address in _NAT64:  # the form of IPv4 addresses in an IPv6-only network
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
