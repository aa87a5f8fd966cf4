"""Find the requests that a browser sends for a web page, and refuse them all.

MiniStack does not check the root's signature. A page that reaches the port therefore has all rights
and can run code in a Lambda function. Pages of the Internet, of another local program and of an
object in a bucket are equally dangerous: the origin of an object is the cloud's own.
"""

import re
from collections.abc import Mapping

# Headers that browsers set for pages, and that AWS clients do not send (Fetch Standard, "Origin
# header"; Fetch Metadata Request Headers, "Sec-Fetch-Site"). "none" is an address that the user
# typed.
_SET_FOR_PAGES = ("origin", "referer")
_SITE = "sec-fetch-site"
_TYPED = "none"
# A bucket's name may stand before localhost: clients with virtual-hosted addressing send it.
_HOST = re.compile(r"(?:127\.0\.0\.1|(?:[a-z0-9.-]+\.)?localhost):(?P<port>\d+)", re.IGNORECASE)
_HTTP_PORT = "80"
# A refusal repeats at most this part of the client's text.
_MOST_SHOWN = 100


def refusal(headers: Mapping[str, str], port: int) -> str | None:
    """Return why a request is refused, or None for a request of an AWS client.

    Args:
        headers: the request's headers, with names in lower case.
        port: the port of this cloud. A name that an attacker's DNS server points to 127.0.0.1 does
            not match, and the port of another local program does not match either.
    """
    host = headers.get("host", "")
    if not _is_ours(host, port):
        return (
            f"The Host header {_shown(host)} is not the address of this local cloud. "
            f"Use http://127.0.0.1:{port}."
        )

    for name in _SET_FOR_PAGES:
        if name in headers:
            return _for_page(name, headers[name])

    if headers.get(_SITE, _TYPED) != _TYPED:
        return _for_page(_SITE, headers[_SITE])

    return None


def _is_ours(host: str, port: int) -> bool:
    found = _HOST.fullmatch(host if ":" in host else f"{host}:{_HTTP_PORT}")
    return found is not None and int(found["port"]) == port


def _for_page(name: str, value: str) -> str:
    return (
        f"The local cloud serves no web pages, and the header {name.title()}: {_shown(value)} "
        "comes from one: a page could run code on this machine. Use an AWS client."
    )


def _shown(value: str) -> str:
    return ascii(value[:_MOST_SHOWN])
