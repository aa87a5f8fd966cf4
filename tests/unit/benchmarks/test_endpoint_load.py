"""Check how the load generator reads answers."""

import pytest

from benchmarks.endpoint_load import BadAnswerError, whole_body

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 5\r\n\r\n"


def test_body_of_a_complete_answer_is_returned() -> None:
    assert b"[0.5]" == whole_body(HEAD + b"[0.5]")


@pytest.mark.parametrize("part", [b"", HEAD[:20], HEAD[:-2], HEAD, HEAD + b"[0."])
def test_body_of_an_incomplete_answer_is_none(part: bytes) -> None:
    assert whole_body(part) is None


def test_error_of_the_server_is_raised_with_its_message() -> None:
    with pytest.raises(BadAnswerError, match="no such endpoint"):
        whole_body(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 16\r\n\r\nno such endpoint")
