"""Write lines of visible characters to standard output, standard error and logs."""

import io
import json
import logging
import sys
import traceback
from typing import Any, TextIO

from untrusted.text import as_json, shown


class SeveralLinesError(Exception):
    """An error whose message has several lines. Each line may contain text from outside."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


def say(*lines: object, file: TextIO | None = None) -> None:
    """Write each argument on its own line, and flush. A line break inside it is shown as `\\n`.

    Args:
        *lines: The texts.
        file: The stream; None is standard output.
    """
    out = sys.stdout if file is None else file
    out.write("".join(f"{shown(line)}\n" for line in lines))
    out.flush()


def say_error(error: BaseException, *, named: bool = False) -> None:
    """Write an error's message to standard error, with its class first if `named`.

    The message is one line, or the error's own `lines`.
    """
    first, *more = getattr(error, "lines", None) or (str(error),)
    say(f"{type(error).__name__}: {first}" if named else first, *more, file=sys.stderr)


def show_traceback(kind: type[BaseException], error: BaseException, _: object) -> None:
    """Write an unexpected error to standard error; a `sys.excepthook`."""
    lines = "".join(traceback.format_exception(error)).rstrip().split("\n")
    say(f"{kind.__name__}, unexpectedly:", *(f"  {line}" for line in lines), file=sys.stderr)


def escape_unencodable() -> None:
    """Write characters that the encoding of the terminal lacks by their number.

    Such characters otherwise end a command in a traceback, for example with LC_ALL=C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(data: Any) -> None:
    """Write data to standard output as JSON, in ASCII if its encoding lacks a character."""
    text = as_json(data)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(data, indent=2, default=str)
    sys.stdout.write(f"{text}\n")


class VisibleFormatter(logging.Formatter):
    """Format a log record: the message on one line, an exception indented below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line of a record."""
        return shown(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Return the traceback, indented so that no line looks like a record."""
        return "\n".join(f"  {shown(line)}" for line in super().formatException(ei).split("\n"))
