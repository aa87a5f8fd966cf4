"""Whatever fails in the middle gets a clear message in Chromium, and no answer is lost."""

from typing import Any

import pytest

from tests.review_page.application import Application
from tests.review_page.tab import Tab

EVIL = "http://evil.example"
CALLS = (
    "before-call.dynamodb.GetItem",
    "before-call.dynamodb.TransactWriteItems",
    "after-call.dynamodb.TransactWriteItems",
    "before-call.eventbridge.PutEvents",
    "after-call.eventbridge.PutEvents",
)


def add(application: Application, photos: list[bytes], count: int) -> list[Any]:
    return [
        application.storage.add(number, photos[number % len(photos)]) for number in range(count)
    ]


def restart(application: Application, tab: Tab) -> None:
    """Start the application again, and open its new address in the tab."""
    tab.page.goto(application.start().address)
    tab.await_sent()


@pytest.mark.parametrize("call", CALLS)
def test_application_killed_in_the_middle_of_an_answer_stores_it_once(
    application: Application, photos: list[bytes], new_tab: Any, call: str
) -> None:
    add(application, photos, 3)
    tab = new_tab().open(application.start().address)
    application.kill_at(call)
    name = tab.press("1")
    application.await_death()
    tab.await_notice("1 answer is kept in this browser and will be sent")

    restart(application, tab)
    assert {name: ["automobile"]} == application.storage.answers()
    tab.await_progress("1 answered, 2 waiting")


def test_application_killed_in_the_middle_of_an_undo_takes_the_answer_back(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application, photos, 3)
    tab = new_tab().open(application.start().address)
    name = tab.press("1")
    tab.await_sent()
    application.kill_at("after-call.dynamodb.TransactWriteItems")
    tab.press("z")
    application.await_death()

    restart(application, tab)
    assert 2 == len(application.storage.stored())  # the answer and its undo
    for _ in range(3):
        tab.press("2")
    tab.await_sent()
    assert ["automobile", "truck"] == application.storage.answers()[name]


def test_application_killed_in_the_middle_of_a_wall_stores_each_answer_once(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application, photos, 24)
    tab = new_tab().open(application.start().address)
    tab.page.keyboard.press("m")
    tab.await_wall()
    application.kill_at("after-call.dynamodb.TransactWriteItems", after=9)
    tab.page.keyboard.press("Enter")
    application.await_death()
    assert 10 <= len(application.storage.stored()) < 24

    restart(application, tab)
    assert 24 == len(application.storage.stored())
    assert {("truck",)} == {tuple(given) for given in application.storage.answers().values()}


def test_expired_credentials_in_the_middle_of_a_wall_lose_nothing(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application, photos, 24)
    tab = new_tab().open(application.start().address)
    tab.page.keyboard.press("m")
    tab.await_wall()
    application.expire_credentials()
    tab.page.keyboard.press("Enter")
    tab.await_notice("24 answers are kept in this browser")
    assert "Sign in" in tab.page.inner_text("#notice")
    application.renew_credentials()
    tab.await_sent()
    assert 24 == len(application.storage.stored())


def test_answer_with_a_class_that_no_longer_exists_is_named_and_the_image_shown_again(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    keys = add(application, photos, 2)
    tab = new_tab().open(application.start().address)
    application.kill()
    name = tab.press("1")
    for key in keys:
        application.storage.replace_classes(key, {"bus": 0.3, "lorry": 0.7})

    restart(application, tab)
    refused = tab.page.inner_text("#refused")
    assert f"{name}: 'automobile' is not a class of the model that decided this image" in refused
    tab.wait("state.images.length === 2")
    shown = {tab.press("2"), tab.press("2")}
    tab.await_sent()
    assert name in shown
    assert {one: ["lorry"] for one in shown} == application.storage.answers()


def test_image_whose_record_was_deleted_is_named(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    key, *_ = add(application, photos, 2)
    tab = new_tab().open(application.start().address)
    application.storage.delete_record(key)
    deleted = tab.press("1")
    other = tab.press("2")
    tab.await_sent()
    refused = tab.page.inner_text("#refused")
    assert deleted in refused
    assert "has no record any more" in refused
    assert {other: ["truck"]} == application.storage.answers()


FORM = """<form method=post action=%s/answer enctype=text/plain>
  <input name='{"page": "p", "answer_id": "a", "verdict": "NOT_USABLE", "id": "%s", "x": "'
         value='"}'></form><script>document.forms[0].submit()</script>"""
SCRIPT = """<script>fetch("%s/answer", { method: "POST", mode: "no-cors", credentials: "include",
  body: JSON.stringify({ page: "p", answer_id: "a", verdict: "NOT_USABLE", id: "%s" }) })
  .catch(() => {}).then(() => document.title = "sent")</script>"""


def evil_page(tab: Tab, body: str) -> Tab:
    """Return another tab of the browser that shows a page of another origin once it is opened."""
    evil = Tab(tab.context.new_page())
    evil.page.route(f"{EVIL}/**", lambda route: route.fulfill(body=body, content_type="text/html"))
    return evil


def opened(application: Application, photos: list[bytes], new_tab: Any) -> tuple[str, Any, Tab]:
    """Open the page on one image; return its origin, the image and the tab."""
    key, *_ = add(application, photos, 1)
    tab = new_tab().open(application.start().address)
    return application.address.partition("/?")[0], key, tab


def test_form_of_another_origin_answers_nothing(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    origin, key, tab = opened(application, photos, new_tab)
    evil = evil_page(tab, FORM % (origin, key.id))
    with evil.page.expect_response(f"{origin}/answer") as answered:
        evil.page.goto(EVIL)
    assert 403 == answered.value.status
    assert [] == application.storage.stored()


def test_script_of_another_origin_answers_nothing(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    origin, key, tab = opened(application, photos, new_tab)
    evil = evil_page(tab, SCRIPT % (origin, key.id))
    evil.page.goto(EVIL)
    evil.wait_for_title("sent")
    assert [] == application.storage.stored()


def test_picture_is_not_shown_on_a_page_of_another_origin(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    origin, key, tab = opened(application, photos, new_tab)
    evil = evil_page(tab, f"<img src={origin}/picture/{key.id} onerror=document.title='refused'>")
    evil.page.goto(EVIL)
    evil.wait_for_title("refused")
