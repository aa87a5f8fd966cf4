"""The structured line of an invocation that fails."""

import io
import json
import sys
from pathlib import PurePosixPath
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from observability.failure_log import function_logger, log_failure

from untrusted.tests.hostile_text import HOSTILE, require_honest


class DoubtfulImageError(Exception):
    """Nobody knows what this is."""


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(stream: io.StringIO) -> Logger:
    return Logger(service="failure-log", stream=stream)


def test_failure_is_logged_with_its_class_and_raised_again(
    logger: Logger, stream: io.StringIO
) -> None:
    @log_failure(logger)
    def handler(_event: Any, _context: Any) -> dict[str, Any]:
        raise DoubtfulImageError("a cloud, or a sheep")

    with pytest.raises(DoubtfulImageError):
        handler({}, None)
    line = json.loads(stream.getvalue())
    assert "ERROR" == line["level"]
    assert "DoubtfulImageError" == line["exception_name"]
    assert "a cloud, or a sheep" in line["exception"]


def test_log_of_a_function_shows_hostile_texts_as_they_are(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO
) -> None:
    monkeypatch.setenv(
        "POWERTOOLS_SERVICE_NAME", "hostile"
    )  # loggers of the same service share a stream
    monkeypatch.setattr(sys, "stdout", stream)
    logger = function_logger()
    logger.info("Image classified", key=HOSTILE, at=1.5, path=PurePosixPath("a"))
    require_honest(
        stream.getvalue().replace("\x7f", "")
    )  # the one control character that JSON leaves as it is
    line = json.loads(stream.getvalue())
    assert HOSTILE == line["key"]
    assert 1.5 == line["at"]
    assert "a" == line["path"]


def test_answer_passes_and_nothing_is_logged(logger: Logger, stream: io.StringIO) -> None:
    @log_failure(logger)
    def handler(event: Any, _context: Any) -> dict[str, Any]:
        return {"event": event}

    assert {"event": 1} == handler(1, None)
    assert "" == stream.getvalue()
