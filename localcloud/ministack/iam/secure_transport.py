"""A request over loopback counts as TLS: a bucket policy that demands ``aws:SecureTransport`` lets the laptop in."""

import ipaddress
from collections.abc import Callable

import ministack.app

from localcloud.ministack.patch import wrap


def install() -> None:
    """Have MiniStack take what never leaves this machine for encrypted."""
    # MiniStack's app looks the function up under its own name for it.
    wrap(ministack.app, "pin_request_origin", "source_ip secure_transport", _secure_on_loopback)


def _secure_on_loopback(original: Callable[[str, bool], None], source_ip: str, secure_transport: bool) -> None:
    original(source_ip, secure_transport or ipaddress.ip_address(source_ip).is_loopback)
