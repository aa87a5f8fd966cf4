"""Compute the contrast of all text colours from the stylesheet."""

import re
from itertools import product
from pathlib import Path

import pytest

from cli.page import FOLDER

ROOT = Path(__file__).parents[2]
STYLE = (FOLDER / "page.css").read_text(encoding="utf-8")
TEXT = ("ink", "soft", "link", "good", "caution", "bad")
SURFACES = ("page", "card")
TEMPLATES = [
    path
    for folder in ("examples", "operations", "training")
    for path in sorted((ROOT / folder).rglob("*.html.jinja"))
]
LEAST = 4.5  # WCAG 2.2, success criterion 1.4.3, level AA for text of normal size


def colours(scheme: str) -> dict[str, str]:
    """Return the stylesheet's colours in a colour scheme; a key is a variable."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    declared = dict(re.findall(r"--(\w+): (#\w{6})", light))
    return (
        declared if scheme == "light" else declared | dict(re.findall(r"--(\w+): (#\w{6})", dark))
    )


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2, definition)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, definition)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_of_black_and_white_is_21() -> None:
    assert 21 == pytest.approx(contrast("#000000", "#ffffff"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "surface"), [*product(TEXT, SURFACES)])
def test_text_has_enough_contrast(scheme: str, text: str, surface: str) -> None:
    found = colours(scheme)
    assert LEAST <= contrast(found[text], found[surface])


@pytest.mark.parametrize("file", [FOLDER / "page.css", *TEMPLATES], ids=lambda file: file.name)
def test_only_checked_colours_are_used_for_text(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    used = re.findall(r"(?<![-\w])color: (?:var\(--)?([#\w]+)", source)
    assert [] == [colour for colour in used if colour not in TEXT]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_declare_every_colour(scheme: str) -> None:
    assert {*TEXT, *SURFACES, "line"} == colours(scheme).keys()
