"""Requests as the ASGI server hands them over."""

from localcloud.api.protocol import Request

CREDENTIAL = b"AWS4-HMAC-SHA256 Credential=local/20300101/eu-west-1/sagemaker/aws4_request, SignedHeaders=host"


def request(*headers: tuple[bytes, bytes]) -> Request:
    return Request({"type": "http", "headers": list(headers)}, b"")


def test_header_is_found_whatever_the_case_of_its_name() -> None:
    assert "image/png" == request((b"Content-Type", b"image/png")).header("content-type")


def test_header_sent_twice_is_the_first() -> None:
    assert "a" == request((b"accept", b"a"), (b"accept", b"b")).header("accept")


def test_header_not_sent_is_none() -> None:
    assert request().header("accept") is None


def test_signed_region_is_that_of_the_credential_scope() -> None:
    assert "eu-west-1" == request((b"authorization", CREDENTIAL)).signed_region()
