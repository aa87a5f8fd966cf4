"""Treat a request over loopback as sent with TLS.

MiniStack: sets aws:SecureTransport to false for plain HTTP, so that bucket policies that demand TLS
refuse every client.
AWS: is reached with TLS. Nobody can read loopback traffic on the way either.
Source: IAM User Guide, "AWS global condition context keys", aws:SecureTransport.
Remove this patch when the local cloud serves HTTPS.
"""

import ipaddress
from collections.abc import Callable

import ministack.app

from localcloud.ministack.patch import wrap


def install() -> None:
    """Treat requests of this machine as encrypted."""
    # MiniStack's app imported the function under this name.
    wrap(ministack.app, "pin_request_origin", "source_ip secure_transport", _secure_on_loopback)


def _secure_on_loopback(
    original: Callable[[str, bool], None], source_ip: str, secure_transport: bool
) -> None:
    original(source_ip, secure_transport or ipaddress.ip_address(source_ip).is_loopback)
