"""Reviewers label images of a model with a thousand classes."""

from typing import Any

import pytest

from review.images import Reason
from tests.review_page.application import Application
from tests.review_page.browser import serious_findings
from tests.review_page.tab import Tab

NAMES = [f"class {number:04}" for number in range(998)] + ["Crème brûlée", "<b>tart</b>"]
TEN = dict.fromkeys(NAMES[:9], 0.05) | {NAMES[9]: 0.5}


def opened(application: Application, photos: list[bytes], new_tab: Any, **more: Any) -> Tab:
    application.storage.deploy(NAMES)
    for number in range(3):
        application.storage.add(number, photos[number], classes=TEN, **more)
    tab: Tab = new_tab().open(application.start().address)
    return tab


def search(tab: Tab, text: str) -> list[str]:
    """Type into the field; return the classes that it finds."""
    tab.page.keyboard.press("/")
    tab.page.keyboard.type(text)
    return list(tab.page.locator("#matches button").all_inner_texts())


def classes(tab: Tab) -> list[str]:
    """The classes with a button."""
    return [text.split("\n")[0] for text in tab.page.locator("#classes button").all_inner_texts()]


def test_likeliest_classes_have_keys_and_all_classes_are_found(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    tab = opened(application, photos, new_tab)
    assert NAMES[:10] == classes(tab)
    first = tab.press("1")

    assert ["class 0997"] == search(tab, "0997")
    second = tab.press("Enter")

    assert ["Crème brûlée"] == search(tab, "creme b")
    third = tab.name
    tab.page.click("#matches button")
    tab.await_sent()
    expected = {first: ["class 0000"], second: ["class 0997"], third: ["Crème brûlée"]}
    assert expected == application.storage.answers()
    assert [] == tab.errors


def test_letters_in_the_field_press_no_button(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    tab = opened(application, photos, new_tab)
    name = tab.name
    assert [] == search(tab, "nxs1")
    assert "No class matches." == tab.page.inner_text("#found")
    tab.page.keyboard.press("Enter")
    assert name == tab.name

    tab.page.keyboard.press("Escape")
    assert "" == tab.page.input_value("#class-name")
    tab.press("n")
    tab.await_sent()
    assert {name: ["NONE_OF_THESE"]} == application.storage.answers()


def test_many_matches_are_counted_and_shown_as_text(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    tab = opened(application, photos, new_tab)
    assert NAMES[:8] == search(tab, "class")
    assert "998 classes match; the first 8 are shown." == tab.page.inner_text("#found")
    tab.page.keyboard.press("Escape")
    assert ["<b>tart</b>"] == search(tab, "<b>")


def test_audit_has_no_buttons_that_give_the_prediction_away(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    tab = opened(application, photos, new_tab, reason=Reason.AUDIT, outcome="ACCEPTED")
    assert [] == classes(tab)
    assert "class 0996" in search(tab, "996")
    name = tab.press("Enter")
    tab.await_sent()
    assert {name: ["class 0996"]} == application.storage.answers()


def test_answer_of_a_class_from_the_field_is_undone(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    tab = opened(application, photos, new_tab)
    search(tab, "0500")
    name = tab.press("Enter")
    tab.page.keyboard.press("Escape")
    tab.press("z")
    assert name == tab.name
    tab.await_sent()
    assert ["class 0501"] == search(tab, "0501")
    tab.press("Enter")
    tab.await_sent()
    assert {name: ["class 0500", "class 0501"]} == application.storage.answers()


@pytest.mark.parametrize("screen", [(390, 844), (1280, 800)], ids=["phone", "desk"])
def test_page_of_many_classes_is_accessible_and_not_wider_than_the_screen(
    application: Application,
    photos: list[bytes],
    new_tab: Any,
    axe: str,
    screen: tuple[int, int],
) -> None:
    tab = opened(application, photos, new_tab)
    width, height = screen
    tab.page.set_viewport_size({"width": width, "height": height})
    assert 8 == len(search(tab, "class 01"))
    assert [] == serious_findings(tab.page, axe)
    assert width >= tab.run("document.documentElement.scrollWidth")
