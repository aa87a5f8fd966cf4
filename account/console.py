"""What a command shows: text and progress for people, on standard output, or on standard error beside --json."""

import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def make_console(as_json: bool) -> Console:
    """A console for people; it leaves standard output to the data where the user wants data."""
    return Console(stderr=as_json, highlight=False, soft_wrap=True)


def progress(console: Console) -> Progress:
    """Progress bars, one a line: `with progress(console) as bars: bars.track(items, total=n, description=...)`."""
    return Progress(
        TextColumn("{task.description:28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=console,
    )


def track[T](console: Console, description: str, items: Iterable[T], total: int) -> Iterable[T]:
    """Yield the items while one progress bar goes from 0 to `total`."""
    with progress(console) as bars:
        bar = bars.add_task(description, total=total, note="")
        for item in items:
            yield item
            bars.advance(bar)


def print_data(data: Any) -> None:
    """Print the result of a command as JSON."""
    json.dump(data, sys.stdout, indent=2, ensure_ascii=False, default=str)
    print()
