"""Reviewers label images in Chromium: by keyboard, at the same time, and through every failure."""

import io
from typing import Any

import pytest
from PIL import Image

from review.images import ImageKey, Reason
from tests.review_page.application import Application, Storage
from tests.review_page.browser import serious_findings
from tests.review_page.tab import Tab

SCREENS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 800}}
UNREACHED = "Failed to load resource"  # what Chromium logs when a request fails

# The size of the picture on the screen, without the empty space around it.
SHOWN_SIZE = """(() => {
  const picture = element("picture"), matrix = new DOMMatrix(getComputedStyle(picture).transform)
  const { clientWidth, clientHeight, naturalWidth, naturalHeight } = picture
  const scale = Math.min(clientWidth / naturalWidth, clientHeight / naturalHeight)
    * Math.hypot(matrix.a, matrix.b)
  const sides = [naturalWidth * scale, naturalHeight * scale]
  if (Math.abs(matrix.b) > 1e-6) sides.reverse()
  return { width: sides[0], height: sides[1] }
})()"""


def picture(width: int, height: int) -> bytes:
    stored = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(stored, "PNG")
    return stored.getvalue()


def add(storage: Storage, photos: list[bytes], count: int, **more: Any) -> list[ImageKey]:
    return [storage.add(number, photos[number % len(photos)], **more) for number in range(count)]


def test_ten_images_are_labelled_by_keyboard_alone(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 10)
    tab = new_tab().open(application.start().address)
    keys = "1212nx2111"
    words = {"1": "automobile", "2": "truck", "n": "NONE_OF_THESE", "x": "NOT_USABLE"}

    given = {tab.press(key): [words[key]] for key in keys}

    tab.await_sent()
    assert 10 == len(given)
    assert given == application.storage.answers()
    tab.await_progress("10 answered, 0 waiting")
    assert "No image waits for you" in tab.page.inner_text("#reason")
    assert [] == tab.errors


def test_several_answers_are_undone_and_given_again(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 6)
    tab = new_tab().open(application.start().address)
    names = [tab.press("1") for _ in range(4)]

    shown = []
    for key in ("z", "Backspace", "z"):
        tab.press(key)
        shown.append(tab.name)
    assert names[:0:-1] == shown

    assert names[1:] == [tab.press("2") for _ in range(3)]
    tab.await_sent()
    twice = ["automobile", "truck"]
    expected = {names[0]: ["automobile"]} | dict.fromkeys(names[1:], twice)
    assert expected == application.storage.answers()
    tab.await_progress("4 answered, 2 waiting")
    assert [] == tab.errors


def test_two_browsers_never_show_the_same_image(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 24)
    application.start()
    tabs = [new_tab().open(application.address), new_tab().open(application.address)]
    shown: list[list[str]] = [[], []]

    while len(shown[0]) + len(shown[1]) < 24:
        for tab, names in zip(tabs, shown, strict=True):
            if tab.run("state.images.length"):
                names.append(tab.press("1"))

    for tab in tabs:
        tab.await_sent()
    assert not {*shown[0]} & {*shown[1]}
    assert all(shown)
    assert 24 == len(application.storage.stored())


def test_image_whose_lease_expired_leaves_the_page_when_another_has_it(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    keys = add(application.storage, photos, 4)
    first = new_tab().open(application.start().address)
    name = first.name
    application.storage.expire_leases(keys)
    second = new_tab().open(application.address)
    assert name == second.name

    first.run("claim()")
    first.wait("state.images.length === 0")
    assert f"{name}: another reviewer has this image now." == first.page.inner_text("#refused")
    assert 4 == second.run("state.images.length")


def test_duplicated_tab_shows_other_images(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 20)
    first = new_tab().open(application.start().address)
    with first.context.expect_page() as opened:
        first.page.evaluate("window.open('/')")  # copies the session, as "Duplicate tab" does
    second = Tab(opened.value)
    second.await_picture()
    assert first.run("state.session.page") != second.run("state.session.page")
    ids = [set(tab.run("state.images.map(one => one.id)")) for tab in (first, second)]
    assert not ids[0] & ids[1]


def test_answers_without_a_connection_survive_a_new_start_and_a_reload(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 12)
    tab = new_tab().open(application.start().address)
    names = [tab.press("1")]
    tab.await_sent()

    application.kill()
    names += [tab.press("2") for _ in range(3)]
    tab.await_notice("3 answers are kept in this browser")
    assert 1 == len(application.storage.stored())

    tab.page.goto(application.start().address)
    tab.await_sent()
    tab.await_picture()
    assert {names[0]: ["automobile"]} | {name: ["truck"] for name in names[1:]} == (
        application.storage.answers()
    )
    assert tab.press("z") not in names
    assert names[-1] == tab.name  # the reload keeps the steps that can be undone


def test_page_reloaded_in_the_middle_stores_each_answer_once(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 12)
    tab = new_tab().open(application.start().address)
    names = []
    for _ in range(4):
        names += [tab.press("1"), tab.press("2")]
        tab.page.reload()
    tab.await_sent()
    tab.await_picture()
    assert 8 == len(set(names))
    assert dict.fromkeys(names, 1) == {
        name: len(given) for name, given in application.storage.answers().items()
    }
    tab.await_progress("8 answered, 4 waiting")


def test_answer_whose_confirmation_was_lost_is_stored_once(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 3)
    tab = new_tab().open(application.start().address)
    lost: list[Any] = []

    def lose_once(route: Any) -> None:
        answer = route.fetch()  # the server stores the answer
        if lost:
            route.fulfill(response=answer)
        else:
            lost.append(answer)
            route.abort()

    tab.page.route("**/answer", lose_once)
    tab.press("1")
    tab.await_sent()
    assert lost
    assert 1 == len(application.storage.stored())


def test_tab_goes_on_after_another_tab_opened_the_new_address(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 12)
    tab = new_tab().open(application.start().address)
    application.kill()
    application.start()
    name = tab.press("1")
    tab.await_notice("Open the address that “scones review” printed")
    tab.await_notice("1 answer is kept")
    assert [] == application.storage.stored()

    tab.context.new_page().goto(application.address)
    tab.await_sent()
    assert {name: ["automobile"]} == application.storage.answers()
    tab.wait("element('notice').hidden")


def test_answers_of_one_reviewer_are_not_sent_by_another(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 12)
    tab = new_tab().open(application.start().address)
    application.kill()
    tab.press("1")

    application.reviewer = "bert"
    tab.page.goto(application.start().address)
    tab.await_picture()
    assert [] == tab.run("state.outbox")

    application.kill()
    application.reviewer = "anne"
    tab.page.goto(application.start().address)
    tab.await_sent()
    assert ["anne"] == [item["reviewer"]["S"] for item in application.storage.stored()]


def test_deleted_picture_is_named_and_answered(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    key, *_ = add(application.storage, photos, 2)
    application.storage.delete_picture(key)
    tab = new_tab().open(application.start().address)
    assert "was deleted from the bucket" in tab.page.inner_text("#reason")
    assert not tab.page.is_visible("#picture")
    name = tab.press("x")
    tab.await_sent()
    assert {name: ["NOT_USABLE"]} == application.storage.answers()
    assert tab.page.is_visible("#picture")


def test_expired_credentials_are_named_and_the_answer_is_sent_later(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 3)
    tab = new_tab().open(application.start().address)
    application.expire_credentials()
    tab.press("2")
    tab.await_notice("1 answer is kept in this browser and will be sent")
    assert "Sign in" in tab.page.inner_text("#notice")
    assert [] == application.storage.stored()

    application.renew_credentials()
    tab.await_sent()
    assert 1 == len(application.storage.stored())
    assert not tab.page.is_visible("#notice")


def test_refused_answer_is_named_until_the_reviewer_closes_the_message(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 3)
    tab = new_tab().open(application.start().address)
    name = tab.press("1")
    tab.await_sent()
    tab.run(
        "(keep({kind: 'answer', answer_id: 'late', id: state.images[0].id, name: 'late.webp',"
        " seconds: 1, verdict: 'CLASS', class: 'lorry', at: Date.now()}), send())"
    )
    tab.await_sent()
    tab.press("1")
    assert "late.webp" in tab.page.inner_text("#refusal")
    tab.page.keyboard.press("Escape")
    assert not tab.page.is_visible("#refusal")
    assert name in application.storage.answers()


def test_markup_in_names_is_shown_as_text(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    label = "<img src=x onerror=document.title='broken'>"
    classes = {label: 0.6, "truck": 0.4}
    application.storage.add(0, photos[0], classes=classes, name="<b>bold<b>.webp")
    tab = new_tab().open(application.start().address)
    tab.page.keyboard.press("p")
    assert label == tab.page.inner_text("#classes button >> nth=0 >> span")
    assert label in tab.page.inner_text("#prediction")
    assert "<b>bold<b>.webp" == tab.name
    tab.press("1")
    tab.await_sent()
    assert "Review images" == tab.page.title()
    assert {"<b>bold<b>.webp": [label]} == application.storage.answers()
    assert [] == tab.errors


def test_skipped_images_come_back_on_demand(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 2)
    tab = new_tab().open(application.start().address)
    skipped = {tab.press("s"), tab.press("s")}
    assert "You skipped 2 images" in tab.page.inner_text("#reason")
    tab.page.keyboard.press("a")
    tab.await_picture()
    assert tab.name in skipped


def test_rotated_picture_stays_in_its_frame(application: Application, new_tab: Any) -> None:
    application.storage.add(0, picture(900, 300))
    tab = new_tab(viewport=SCREENS["desk"]).open(application.start().address)
    tab.press("r")
    size = tab.run(SHOWN_SIZE)
    height = tab.run("element('picture').clientHeight")
    assert size["height"] == pytest.approx(height, abs=1)
    assert size["width"] == pytest.approx(height / 3, abs=1)


def test_small_picture_is_enlarged_in_sharp_pixels_up_to_a_limit(
    application: Application, new_tab: Any
) -> None:
    application.storage.add(0, picture(32, 32))
    tab = new_tab(viewport=SCREENS["desk"]).open(application.start().address)
    assert tab.run(SHOWN_SIZE)["width"] == pytest.approx(32 * 12, abs=1)
    assert "pixelated" == tab.run("getComputedStyle(element('picture')).imageRendering")


def test_prediction_of_an_audit_is_hidden(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 1, reason=Reason.AUDIT)
    tab = new_tab().open(application.start().address)
    tab.page.keyboard.press("p")
    assert not tab.page.is_visible("#prediction")
    assert tab.run("state.images[0].prediction") is None


def test_reviewer_asks_another_with_one_key(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 3)
    tab = new_tab().open(application.start().address)
    tab.press("o")
    asked = tab.press("1")
    tab.press("1")
    tab.await_sent()
    tab.await_progress("2 answered, 2 waiting")
    application.kill()

    application.reviewer = "bert"
    other = new_tab().open(application.start().address)
    assert asked == other.name
    assert "The prediction and the first answer are hidden" in other.page.inner_text("#reason")
    assert other.run("state.images[0].prediction") is None
    other.press("1")
    other.await_sent()
    other.await_progress("1 answered, 1 waiting")


def test_focus_stays_on_the_button_of_the_class(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 3)
    tab = new_tab().open(application.start().address)
    tab.page.focus("#classes button >> nth=1")
    tab.press("Enter")
    focused = "document.activeElement.closest('#classes button')?.firstChild.textContent"
    assert "truck" == tab.page.evaluate(focused)


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_accessible_and_not_wider_than_the_screen(
    application: Application, photos: list[bytes], new_tab: Any, axe: str, screen: str, scheme: str
) -> None:
    add(application.storage, photos, 4)
    tab = new_tab(viewport=SCREENS[screen], color_scheme=scheme)
    tab.open(application.start().address)

    def check() -> None:
        assert [] == serious_findings(tab.page, axe)
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert 0 == tab.page.evaluate(overflow)
        assert tab.run("element('dismiss').clientHeight") < 50  # one line

    tab.page.keyboard.press("p")
    tab.run("refuse('one.jpg', 'another reviewer has this image now.')")
    check()
    application.kill()
    for _ in range(4):
        tab.press("1")
    tab.await_notice("4 answers are kept")
    check()
    unexpected = [error for error in tab.errors if UNREACHED not in error]
    assert [] == unexpected
