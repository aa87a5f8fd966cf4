"""Serve requests of AWS clients, and refuse requests of web pages."""

import pytest

from localcloud.server.web_pages import refusal

PORT = 4566
HERE = "127.0.0.1:4566"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HERE},
        {"host": "localhost:4566"},
        {"host": "LOCALHOST:4566"},
        {"host": "images.localhost:4566"},
        {"host": "images.s3.us-east-1.localhost:4566"},
        {"host": HERE, "sec-fetch-site": "none"},
    ],
)
def test_request_of_an_aws_client_is_served(headers: dict[str, str]) -> None:
    assert refusal(headers, PORT) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.com",
        "http://localhost:3000",
        "http://127.0.0.1:3000",
        "http://127.0.0.1",
        "http://evil.localhost:4566",
        "https://127.0.0.1:4566",
        "http://127.0.0.1:4566",
        "http://localhost:4566",
        "null",
        "",
    ],
)
def test_refusal_of_a_page_names_its_origin(origin: str) -> None:
    assert f"Origin: {origin!r}" in str(refusal({"host": HERE, "origin": origin}, PORT))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin"])
def test_request_without_origin_that_a_page_makes_is_refused(site: str) -> None:
    assert "Sec-Fetch-Site" in str(refusal({"host": HERE, "sec-fetch-site": site}, PORT))


def test_request_that_a_page_refers_to_is_refused() -> None:
    assert "Referer" in str(refusal({"host": HERE, "referer": "http://localhost:3000/a"}, PORT))


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example.com:4566",
        "localhost.example.com:4566",
        "127.0.0.1.example.com:4566",
        "127.0.0.1:4567",
        "127.0.0.1",
        "localhost",
        "[::1]:4566",
        "example.com:4566#.localhost:4566",
        "user@127.0.0.1:4566",
        "",
    ],
)
def test_refusal_of_another_host_names_it(host: str) -> None:
    assert f"The Host header {host!r} is not the address" in str(refusal({"host": host}, PORT))


def test_request_without_host_is_refused() -> None:
    assert "Use http://127.0.0.1:4566." in str(refusal({}, PORT))


def test_port_of_http_may_be_left_out() -> None:
    assert refusal({"host": "localhost"}, 80) is None


def test_refusal_shows_no_control_characters_of_the_request() -> None:
    shown = str(refusal({"host": HERE, "origin": "\x1b[2J\u202e" + "x" * 10_000}, PORT))
    assert "\\x1b[2J\\u202e" in shown
    assert len(shown) < 500
