"""Check that the title of each page says what happened, and that numbers are short."""

import re
from html import unescape

import pytest

from tests.pages.samples import PAGES

TITLES = {
    "evaluation": r".+: \d+\.\d % of 300 test images are right",
    "loop": r"Reviews: accuracy \d+\.\d % before, \d+\.\d % after",
    "drift": r".+: Drift: .+",
    "demo": r"4 images: 1 accepted, 0 of them wrong; 1 for review",
    "execution": r".+: running in Classify image",
    "notebook": r"Notebook: all cells ran in 63 s",
}


def text_of(element: str, html: str) -> str:
    """Return the text of the only element of this name."""
    [text] = re.findall(rf"<{element}>(.*?)</{element}>", html, re.DOTALL)
    return re.sub(r"\s+", " ", unescape(text))


@pytest.mark.parametrize("page", PAGES)
def test_title_says_what_happened(page: str) -> None:
    html = PAGES[page]()
    head, _, main = html.partition("<main>")
    title = text_of("title", head)
    heading = text_of("h1", main)
    assert re.fullmatch(TITLES[page], title)
    assert title.endswith(heading)


@pytest.mark.parametrize("page", PAGES)
def test_page_says_when_it_was_made(page: str) -> None:
    assert re.search(
        r"<footer>Made \d{4}-\d\d-\d\d \d\d:\d\d UTC from [^<]+\.</footer>", PAGES[page]()
    )


@pytest.mark.parametrize("page", PAGES)
def test_numbers_have_at_most_four_decimals(page: str) -> None:
    html = re.sub(r"<(style|svg|pre)\b.*?</\1>", "", PAGES[page](), flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", html)
    assert [] == [number for number in re.findall(r"\d\.\d{5,}", text) if number != "0.99997"]
