"""Print tables, progress bars and unchanged text on the console of all commands.

Text from outside reaches the console within the project's own sentences, so all text is treated
alike. It is never markup: `[red]` and `:smile:` in a key have no meaning. A string is one line, and
an invisible character is shown by its number. Callers set styles and line breaks with `styled()`
and with several arguments.
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
    """A console on which text can forge neither lines nor styles."""

    def __init__(self, **options: Any) -> None:
        """Accept the options of rich's console; markup, emoji codes and highlighting are off."""
        super().__init__(**{**options, "markup": False, "emoji": False, "highlight": False})

    def print(self, *objects: Any, **options: Any) -> None:
        """Print objects with spaces or `sep` between them; other objects become strings."""
        super().print(*(one if is_renderable(one) else str(one) for one in objects), **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a string into text without markup."""
        return super().render_str(
            shown(text), **{**options, "markup": False, "emoji": False, "highlight": False}
        )

    def render(
        self, renderable: RenderableType, options: rich.console.ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the written segments, also of texts from elsewhere, such as progress bars."""
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
    """Join strings, pairs of a string and a style of rich, and LINE_BREAK to a text."""
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
    """Return progress bars, one per line.

    Example: `with progress(console) as bars: bars.track(items, total=n, description=...)`.

    Args:
        console: The console that shows them.
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
