"""Which addresses a workflow may reach: everything public, and what the operator allows.

The list is our own: `ipaddress.is_private` and its kin changed between Python releases.
Sources: IANA special-purpose registries (RFC 6890), RFC 6052 (NAT64), RFC 3056 (6to4), RFC 6598 (CGNAT), cloud metadata services.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

# network -> what it is, in words; the first that contains the address names it
_DENIED: Mapping[str, str] = {
    "169.254.169.254/32": "a cloud metadata service",
    "169.254.170.2/32": "a cloud metadata service",
    "100.100.100.200/32": "a cloud metadata service",
    "fd00:ec2::254/128": "a cloud metadata service",
    "0.0.0.0/8": "an unspecified address",
    "10.0.0.0/8": "a private address",
    "100.64.0.0/10": "a carrier's private address",
    "127.0.0.0/8": "a loopback address",
    "169.254.0.0/16": "a link-local address",
    "172.16.0.0/12": "a private address",
    "192.0.0.0/24": "a special-purpose address",
    "192.0.2.0/24": "a documentation address",
    "192.88.99.0/24": "a 6to4 relay address",
    "192.168.0.0/16": "a private address",
    "198.18.0.0/15": "a benchmarking address",
    "198.51.100.0/24": "a documentation address",
    "203.0.113.0/24": "a documentation address",
    "224.0.0.0/4": "a multicast address",
    "240.0.0.0/4": "a reserved address",
    "::/128": "an unspecified address",
    "::1/128": "a loopback address",
    "::/96": "an IPv4-compatible address",
    "64:ff9b::/96": "a NAT64 address",
    "64:ff9b:1::/48": "a local NAT64 address",
    "100::/64": "a discard address",
    "::ffff:0:0:0/96": "an IPv4-translated address",
    "2001::/23": "a special-purpose address",
    "2001:db8::/32": "a documentation address",
    "2002::/16": "a 6to4 address",
    "3fff::/20": "a documentation address",
    "5f00::/16": "a special-purpose address",
    "fc00::/7": "a private address",
    "fe80::/10": "a link-local address",
    "fec0::/10": "a site-local address",
    "ff00::/8": "a multicast address",
}
_GLOBAL = IPv6Network("2000::/3")  # all that is given out so far (IANA IPv6 address space)
_NAT64, _COMPATIBLE, _TRANSLATED = (IPv6Network(text) for text in ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96"))
_NETWORKS = tuple((ip_network(text), words) for text, words in _DENIED.items())


class AddressPolicy:
    """What may be reached; *allow* holds networks ("127.0.0.0/8") or single addresses that are open although they are not public."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._allowed = tuple(ip_network(text.strip(), strict=False) for text in allow if text.strip())

    def forbids(self, text: str) -> str:
        """Return why the address *text* must not be reached ("a loopback address"), or the empty text."""
        address = _plain(text)
        inner = _inner(address)
        if any(address in network for network in self._allowed if network.version == address.version):
            return self.forbids(str(inner)) if inner else ""
        found = next((words for network, words in _NETWORKS if network.version == address.version and address in network), "")
        return found or ("an address nobody was given" if address.version == 6 and address not in _GLOBAL else "")


def _plain(text: str) -> Address:
    """Return the address that packets to *text* reach: an IPv4-mapped one is the IPv4 address, a zone is left out."""
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _inner(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that a gateway makes of *address*: what is allowed is the gateway, not whatever lies behind it."""
    if not isinstance(address, IPv6Address):
        return None
    if address in _NAT64 or address in _COMPATIBLE or address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF) if int(address) > 0xFFFF else None
    return address.sixtofour


def suggestion(text: str) -> str:
    """
    Return the narrowest network to allow for *text*: its own loopback network, else the one address.

    None, the empty text, for cloud metadata and link-local addresses: who opens those gives the machine's credentials away.
    """
    address = _plain(text)
    if any(words in AddressPolicy().forbids(text) for words in ("metadata", "link-local")):
        return ""
    if address.is_loopback:
        return "127.0.0.0/8" if address.version == 4 else "::1/128"
    return str(IPv6Network(address)) if isinstance(address, IPv6Address) else f"{address}/32"
