"""HTML pages: templates in which every value is escaped, and shown with its invisible characters by their numbers."""

from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from untrusted.text import shown, shown_lines


def page_template(folder: Path, name: str, **filters: Any) -> jinja2.Template:
    """Load the template of a page. Its filter `lines` keeps the line breaks of a text, which are shown otherwise.

    Args:
        folder: Where the template is.
        name: Its file name.
        **filters: Filters of its own, by name.

    Raises:
        jinja2.TemplateNotFound: it is not there.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
    )
    environment.filters |= {"lines": _lines, **filters}
    return environment.get_template(name)


def _visible(value: Any) -> Any:
    if isinstance(value, Markup):  # as that of a drawing
        return Markup(shown_lines(value))  # noqa: S704 # nosec B704 - it was markup before
    return shown(value) if isinstance(value, str) else value


def _lines(text: str) -> Markup:
    return escape(shown_lines(text))
