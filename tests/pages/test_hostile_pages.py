"""Check the pages when every name and cause in them is hostile."""

import pytest

from tests.pages import samples
from untrusted.tests.hostile_text import HOSTILE, unseen


# The page of the review loop has no text from outside.
@pytest.mark.parametrize("page", sorted(samples.PAGES.keys() - {"loop"}))
def test_page_shows_hostile_texts_as_they_are(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "NAMES", [f"{HOSTILE}{number}" for number in range(10)])
    monkeypatch.setattr(samples, "ENDPOINT", HOSTILE)
    html = samples.PAGES[page]()
    assert [] == unseen(html)
    assert r"\u202egpj" in html
    assert "<script>alert" not in html
