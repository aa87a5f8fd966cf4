"""Reviewers label images on walls in Chromium: they mark the exceptions, and one key does the rest.

The class in the name of an image is its right answer.
"""

from typing import Any

import pytest

from review.images import Reason
from tests.review_page.application import Application, Storage
from tests.review_page.browser import serious_findings
from tests.review_page.hands import KEYS, PREDICTED, Hands, add, decisions, truth_of
from tests.review_page.tab import Tab

SCREENS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 800}}
WALL = 24


def open_wall(tab: Tab, address: str) -> Tab:
    """Open the page and change to the wall."""
    tab.open(address)
    tab.page.keyboard.press("m")
    tab.await_wall()
    return tab


def test_answers_from_the_wall_equal_those_of_single_mode_with_fewer_keys(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    exceptions = (3, 30)
    add(application.storage, photos, 40, exceptions)
    tab = open_wall(new_tab(), application.start().address)
    hands = Hands(tab)
    hands.label_all(40)
    tab.await_sent()
    assert [] == tab.errors
    application.kill()

    other = Storage(application.storage.cloud, f"{application.storage.name}-single").create()
    add(other, photos, 40, exceptions)
    single = Application(other, application.folder)
    try:
        page = new_tab().open(single.start().address)
        for _ in range(40):
            page.await_picture()
            page.press(KEYS[truth_of(page.name)])
        page.await_sent()
    finally:
        single.kill()

    assert decisions(other) == decisions(application.storage)
    assert 40 == len(application.storage.stored())
    assert hands.presses / 40 <= 0.3


def test_exceptions_are_shown_alone_and_keep_their_leases(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, WALL, exceptions=(2, 5))
    tab = open_wall(new_tab(), application.start().address)
    other = new_tab()
    for key in ("3", "6", "Enter"):
        tab.page.keyboard.press(key)
    tab.await_sent()

    other.page.goto(application.address)
    other.wait("state.claimed")
    assert 0 == other.run("state.images.length")
    assert "Marked on the wall" in tab.page.inner_text("#reason")
    assert ["002-automobile.webp", "005-automobile.webp"] == [tab.press("1"), tab.press("1")]
    tab.await_sent()
    assert WALL == len(application.storage.stored())


def test_wall_shows_images_of_one_class_and_no_audit(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    storage = application.storage
    add(storage, photos, 5, predicted="automobile")
    add(storage, photos, 8)
    audits = {f"{number}-truck.webp" for number in range(900, 904)}
    for name in audits:
        storage.add(900, photos[0], reason=Reason.AUDIT, classes=PREDICTED["truck"], name=name)
    tab = open_wall(new_tab(), application.start().address)
    shown = [name for name, _ in tab.tiles]
    assert 8 == len(shown)
    assert not audits & {*shown}
    assert "Mark every image that is not “truck”" == tab.page.inner_text("#question")

    tab.page.keyboard.press("Enter")
    tab.wait("element('question').textContent.includes('automobile')")
    tab.await_wall()
    tab.page.keyboard.press("Enter")
    tab.await_sent()
    assert "Audits and second opinions are shown one by one" in tab.page.inner_text("#reason")
    tab.page.keyboard.press("m")
    tab.await_picture()
    assert tab.name in audits


@pytest.mark.parametrize("reload", [False, True])
def test_undo_takes_walls_back_as_they_were(
    application: Application, photos: list[bytes], new_tab: Any, reload: bool
) -> None:
    add(application.storage, photos, 2 * WALL, exceptions=(1,))
    tab = open_wall(new_tab(), application.start().address)
    first = [name for name, _ in tab.tiles]
    tab.page.keyboard.press("2")
    tab.page.keyboard.press("Enter")
    tab.press("1")
    tab.await_wall()
    tab.page.keyboard.press("Enter")
    tab.await_sent()
    assert 2 * WALL == len(application.storage.answers())

    if reload:
        tab.page.reload()
        tab.wait("state.claimed")
    tab.page.keyboard.press("Backspace")
    tab.await_wall()
    assert WALL == len(tab.tiles)
    tab.page.keyboard.press("Backspace")
    tab.await_picture()
    assert "001-automobile.webp" == tab.name
    tab.page.keyboard.press("Backspace")
    tab.await_wall()
    assert first == [name for name, _ in tab.tiles]
    assert ["001-automobile.webp"] == tab.marked
    tab.await_sent()
    assert 2 * WALL == sum("verdict" not in item for item in application.storage.stored())
    tab.await_progress("0 answered, 48 waiting")

    Hands(tab).label_all(0)
    tab.page.keyboard.press("Enter")
    tab.press("1")
    tab.await_sent()
    given = application.storage.answers()
    assert {2} == {len(given[name]) for name in first}
    assert [] == tab.errors


def test_wall_without_a_connection_survives_a_new_start_and_a_reload(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 2 * WALL, exceptions=(0,))
    tab = open_wall(new_tab(), application.start().address)
    application.kill()
    tab.page.keyboard.press("1")
    tab.page.keyboard.press("Enter")
    tab.await_notice("23 answers are kept in this browser")

    tab.page.goto(application.start().address)
    tab.await_sent()
    assert 23 == len(application.storage.stored())
    assert {("truck",)} == {tuple(given) for given in application.storage.answers().values()}
    tab.await_wall()
    assert ["000-automobile.webp"] == tab.marked  # the exception comes back as one


def test_marks_survive_a_reload(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, WALL)
    tab = open_wall(new_tab(), application.start().address)
    tab.page.keyboard.press("q")
    marked = tab.marked
    tab.page.reload()
    tab.await_wall()
    assert [tab.tiles[6][0]] == marked == tab.marked


def test_image_without_picture_is_an_exception(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 3)
    key = application.storage.add(3, photos[0], classes=PREDICTED["truck"], name="003-gone.webp")
    application.storage.delete_picture(key)
    tab = open_wall(new_tab(), application.start().address)
    assert ["003-gone.webp"] == tab.marked
    assert "was deleted from the bucket" in tab.page.inner_text("#tiles")
    assert "The other 3 are “truck”" == tab.page.inner_text("#settle-text")

    tab.page.keyboard.press("4")  # its key does not take the mark away
    tab.page.keyboard.press("Enter")
    tab.await_picture()
    assert "was deleted from the bucket" in tab.page.inner_text("#reason")
    assert "003-gone.webp" == tab.press("x")
    tab.await_sent()
    assert ["NOT_USABLE"] == application.storage.answers()["003-gone.webp"]


def test_wall_is_not_settled_before_all_its_pictures_are_there(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 3)
    tab = new_tab().open(application.start().address)
    held: list[Any] = []
    tab.page.route("**/thumbnail/*", lambda route: held.append(route))
    tab.page.keyboard.press("m")
    tab.wait("shownWall().length === 3")
    tab.page.keyboard.press("Enter")
    assert [] == tab.run("state.outbox")

    tab.page.unroute("**/thumbnail/*")  # Playwright sends the held requests on
    tab.await_wall()
    tab.page.keyboard.press("Enter")
    tab.await_sent()
    assert 3 == len(application.storage.stored())


def test_image_that_needs_a_second_opinion_by_now_leaves_the_undone_wall(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    storage = application.storage
    add(storage, photos, 3)
    key = storage.waiting()[0]
    tab = open_wall(new_tab(), application.start().address)
    tab.page.keyboard.press("Enter")
    tab.await_sent()
    storage.doubt_and_answer(key, "bert", "automobile")

    tab.page.keyboard.press("Backspace")
    tab.wait("shownWall().length === 2")
    tab.page.keyboard.press("Enter")
    tab.wait("shownWall().length === 0")
    assert "A second opinion" in tab.page.inner_text("#reason")
    assert tab.run("state.images[0].prediction") is None


def test_wall_becomes_single_images_and_a_wall_again(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 6)
    tab = open_wall(new_tab(), application.start().address)
    names = [name for name, _ in tab.tiles]
    tab.page.keyboard.press("m")
    assert names[:2] == [tab.press("2"), tab.press("2")]
    tab.await_sent()
    tab.page.keyboard.press("m")
    tab.await_wall()
    assert names[2:] == [name for name, _ in tab.tiles]


def test_tile_leaves_the_wall_when_another_reviewer_has_its_image(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, WALL)
    tab = open_wall(new_tab(), application.start().address)
    [lost] = [one for one in application.storage.waiting() if "/003-" in one.image_url]
    application.storage.expire_leases([lost])
    other = new_tab().open(application.address)
    assert "003-truck.webp" == other.name

    tab.run("claim()")
    tab.wait("shownWall().length === 23")
    assert "003-truck.webp" not in [name for name, _ in tab.tiles]
    assert "003-truck.webp: another reviewer" in tab.page.inner_text("#refused")
    tab.page.keyboard.press("Enter")
    tab.await_sent()
    assert 23 == len(application.storage.stored())


def test_refused_answers_of_a_wall_are_named_together(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 4)
    tab = open_wall(new_tab(), application.start().address)
    for key in application.storage.waiting():
        if key.image_url.endswith(("/000-truck.webp", "/001-truck.webp")):
            application.storage.replace_classes(key, {"bus": 0.9, "van": 0.1})
    tab.page.keyboard.press("Enter")
    tab.await_sent()
    refused = tab.page.inner_text("#refused")
    assert "000-truck.webp, 001-truck.webp: 'truck' is not a class of the model that" in refused
    assert 2 == len(application.storage.stored())
    tab.wait("element('question').textContent.includes('bus')")  # they wait, and are shown again


def test_arrows_and_the_space_bar_mark_and_buttons_keep_their_own_enter(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, WALL)
    tab = open_wall(new_tab(viewport=SCREENS["desk"]), application.start().address)
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Space"):
        tab.page.keyboard.press(key)
    assert [tab.tiles[7][0]] == tab.marked
    tab.page.focus("#skip-wall")
    tab.page.keyboard.press("Enter")
    tab.wait("state.images.length === 0")
    assert [] == application.storage.stored()


def test_tap_marks_and_unmarks(application: Application, photos: list[bytes], new_tab: Any) -> None:
    add(application.storage, photos, 4)
    tab = open_wall(new_tab(viewport=SCREENS["phone"], has_touch=True), application.start().address)
    for place in (1, 2, 1):
        tab.page.tap(f"#tiles > * >> nth={place}")
    assert [tab.tiles[2][0]] == tab.marked
    tab.page.tap("#settle")
    tab.await_sent()
    assert 3 == len(application.storage.stored())


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_wall_is_accessible_and_fits_the_screen(
    application: Application, photos: list[bytes], new_tab: Any, axe: str, screen: str, scheme: str
) -> None:
    add(application.storage, photos, WALL)
    tab = open_wall(
        new_tab(viewport=SCREENS[screen], color_scheme=scheme), application.start().address
    )
    tab.page.keyboard.press("q")
    assert [] == serious_findings(tab.page, axe)
    root = "document.documentElement"
    assert 0 == tab.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
    assert 0 == tab.page.evaluate(f"{root}.scrollHeight - {root}.clientHeight")
    assert [] == tab.errors
