"""Render HTML pages with escaped values and visible numbers for invisible characters."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from untrusted.text import shown, shown_lines


@cache  # compiling a template takes longer than rendering it
def page_template(folders: tuple[Path, ...], name: str, **filters: Any) -> jinja2.Template:
    """Load the template of a page. Its filter `lines` preserves the line breaks of a text.

    Args:
        folders: The folders of the template and of those it extends.
        name: The template's file name.
        **filters: The template's own filters.

    Raises:
        jinja2.TemplateNotFound: No folder has the template.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
    )
    environment.filters |= {"lines": _lines, **filters}
    return environment.get_template(name)


def _visible(value: Any) -> Any:
    if isinstance(value, Markup):  # for example a drawing
        return Markup(shown_lines(value))  # noqa: S704 # nosec B704 - it was markup before
    return shown(value) if isinstance(value, str) else value


def _lines(text: str) -> Markup:
    return escape(shown_lines(text))
