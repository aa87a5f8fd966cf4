"""A policy that requires TLS does not refuse requests over loopback."""

from typing import Any

import pytest
from ministack import app
from ministack.core.iam_evaluator import EvalContext


def _secure(source_ip: str, over_tls: bool) -> bool:
    app.pin_request_origin(source_ip, over_tls)
    return bool(EvalContext("", "", "", "", "", "").secure_transport)


@pytest.mark.parametrize(
    ("expected", "source_ip", "over_tls"),
    [
        (True, "127.0.0.1", False),
        (True, "::1", False),
        (False, "192.0.2.7", False),
        (True, "192.0.2.7", True),
    ],
)
def test_request_origin_is_secure_over_loopback_or_tls(
    ministack: Any, expected: bool, source_ip: str, over_tls: bool
) -> None:
    assert expected == _secure(source_ip, over_tls)
