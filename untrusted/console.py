"""The console of all commands: rich's tables and progress bars, and text that is shown as it is.

Text from anywhere reaches the console within the project's own sentences, so all text is treated alike. It is never
markup: neither `[red]` nor `:smile:` in a key has a meaning. A string is one line. What cannot be seen is shown by its
number. Styles and line breaks are the caller's, by `styled()` and by several arguments.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import rich.console
from rich.console import RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.protocol import is_renderable
from rich.segment import Segment
from rich.status import Status
from rich.text import Text

from untrusted.text import shown, shown_lines

LINE_BREAK: Final = object()  # for styled()

type Part = str | tuple[str, str] | object


class Console(rich.console.Console):
    """A console to which no text can write what it does not say."""

    def __init__(self, **options: Any) -> None:
        """Take the options of rich's console; markup, emoji codes and highlighting are off."""
        super().__init__(**{**options, "markup": False, "emoji": False, "highlight": False})

    def print(self, *objects: Any, **options: Any) -> None:
        """Print objects with spaces between, or `sep`; what is not a string or of rich becomes one."""
        super().print(*(one if is_renderable(one) else str(one) for one in objects), **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a string into text, whatever markup is asked for."""
        return super().render_str(
            shown(text), **{**options, "markup": False, "emoji": False, "highlight": False}
        )

    def render(
        self, renderable: RenderableType, options: rich.console.ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield what is written: also of texts that were made elsewhere, as those of progress bars."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=shown_lines(segment.text))

    def status(self, status: RenderableType, **options: Any) -> Status:
        """Show a spinner beside a text."""
        return _Status(status, console=self, **options)


class _Status(Status):
    def __init__(self, status: RenderableType, **options: Any) -> None:
        super().__init__(styled(status), **options)

    def update(self, status: RenderableType | None = None, **options: Any) -> None:
        super().update(None if status is None else styled(status), **options)


def styled(*parts: Part) -> Text:
    """Put a text together from strings, pairs of a string and a style of rich, and LINE_BREAK."""
    text = Text()
    for part in parts:
        if part is LINE_BREAK:
            text.append("\n")
        elif isinstance(part, tuple):
            text.append(shown(part[0]), part[1])
        else:
            text.append(shown(part))
    return text


def progress(console: Console, *, width: int = 28, notes: bool = True) -> Progress:
    """Progress bars, one a line: `with progress(console) as bars: bars.track(items, total=n, description=...)`.

    Args:
        console: Where they are shown.
        width: Characters of the descriptions.
        notes: Whether every task has a field `note`.
    """
    columns: list[ProgressColumn] = [TextColumn(f"{{task.description:{width}}}", markup=False)]
    columns += [BarColumn(), MofNCompleteColumn()]
    columns += [TextColumn("{task.fields[note]}", markup=False)] if notes else []
    return Progress(*columns, TimeElapsedColumn(), console=console)


def track[T](console: Console, description: str, items: Iterable[T], total: int) -> Iterator[T]:
    """Yield the items while one progress bar goes from 0 to `total`."""
    with progress(console) as bars:
        bar = bars.add_task(description, total=total, note="")
        for item in items:
            yield item
            bars.advance(bar)
