"""Render the HTML pages of all tools in one frame: stylesheet, security policy, origin, links.

A page is one file that loads nothing and runs no script. The frame is in `cli` because both tools,
the examples and the tests import `cli` already.
"""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape, unescape
from math import floor
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from markupsafe import Markup

from untrusted.page import page_template

FOLDER = Path(__file__).parent
# Allow the page's own styles and embedded pictures, and nothing else.
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
PNG = b"\x89PNG"  # the first bytes of a PNG file
LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}
LOCAL_ACCOUNT = "000000000000"
LOCAL_CLOUD = "the local cloud"

_LINKS = re.compile(r"(?<=<!-- pages -->).*?(?=<!-- /pages -->)", re.DOTALL)
_LINK = re.compile(r'<a href="([^"]+)">([^<]*)</a>')


@dataclass(frozen=True)
class Origin:
    """When a page was made, and from which cloud."""

    made_at: datetime
    cloud: str

    @classmethod
    def of_endpoint(cls, url: str, region: str) -> "Origin":
        """Return the origin of a page that is made now, given the URL of any AWS client."""
        is_local = urlsplit(url).hostname in LOCAL_HOSTS
        return cls(datetime.now(UTC), LOCAL_CLOUD if is_local else f"AWS, {region}")

    @classmethod
    def of_arn(cls, arn: str) -> "Origin":
        """Return the origin of a page that is made now, given the ARN of its subject."""
        region, account = [*arn.split(":"), "", "", "", "", ""][3:5]
        cloud = LOCAL_CLOUD if account == LOCAL_ACCOUNT else f"AWS account {account}, {region}"
        return cls(datetime.now(UTC), cloud)


def render_page(
    folder: Path,
    name: str,
    origin: Origin,
    *,
    filters: Mapping[str, Any] | None = None,
    links: Mapping[str, str] | None = None,
    **values: Any,
) -> str:
    """Render a template that extends frame.html.jinja.

    Args:
        folder: The folder of the template.
        name: The template's file name.
        origin: When the page is made, and from which cloud.
        filters: The template's own filters; a key is the name in the template.
        links: Relative URLs of other pages by title.
        **values: The values that the template shows.
    """
    own = {"decimals": decimals, "duration": duration, "percent": percent}
    template = page_template((folder, FOLDER), name, **own, **(filters or {}))
    css = (FOLDER / "page.css").read_text(encoding="utf-8")
    style = Markup(css)  # noqa: S704 # nosec B704 - this project's own file
    return template.render(style=style, policy=POLICY, origin=origin, links=links or {}, **values)


def decimals(value: float, digits: int = 4) -> str:
    """Write a probability with `digits` decimals, rounded down, so that only 1 is shown as 1.

    Rounding down keeps the order of a confidence and its threshold.
    """
    scale = 10**digits
    # 1e-9 absorbs the error of the binary representation: 0.29 * 100 is 28.999999999999996.
    return f"{floor(value * scale + 1e-9) / scale:.{digits}f}"


def percent(share: float | None) -> Markup:
    """Write a share of 1 as a percentage with one decimal; `-` where it is unknown."""
    return Markup("-") if share is None else Markup("{:.1f}&nbsp;%").format(100 * share)


def duration(milliseconds: float) -> str:
    """Write a duration in its largest fitting unit with at most four digits."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 100:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s"


def image_uri(image: bytes) -> str:
    """Return a PNG or JPEG image as a data URI."""
    kind = "png" if image.startswith(PNG) else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def link_pages(pages: Mapping[str, Path]) -> None:
    """Link each existing page of a group to the others, and drop links to files that are gone.

    Args:
        pages: The pages by the title of their link. Links that a page has already are retained.
    """
    existing = {title: page for title, page in pages.items() if page.exists()}

    for page in existing.values():
        html = page.read_text(encoding="utf-8")
        found = _LINKS.search(html)
        if found is None:
            continue

        links = {unescape(href): unescape(title) for href, title in _LINK.findall(found[0])}
        links |= {
            quote(os.path.relpath(other, page.parent)): title
            for title, other in existing.items()
            if other != page
        }
        anchors = [
            f'<a href="{escape(href)}">{escape(title)}</a>'
            for href, title in links.items()
            if (page.parent / unquote(href)).exists()
        ]
        linked = html[: found.start()] + "".join(anchors) + html[found.end() :]
        page.write_text(linked, encoding="utf-8")
