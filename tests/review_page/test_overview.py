"""Reviewers watch the overview in Chromium while they label."""

import socket
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from review.images import Reason
from tests.review_page.application import Application
from tests.review_page.browser import serious_findings
from tests.review_page.tab import PATIENCE, Tab
from tests.review_page.test_review_page import SCREENS, UNREACHED, add

MARKUP = '<img src=x onerror="alert(1)">'
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def await_text(page: Any, text: str, patience: float = PATIENCE) -> None:
    """Wait until the page shows a text."""
    deadline = monotonic() + patience / 1000
    while text not in " ".join(page.inner_text("body").split()):
        assert monotonic() < deadline, page.inner_text("body")
        page.wait_for_timeout(20)


def open_overview(tab: Tab) -> Any:
    """Open the overview in a second tab of the same browser, by the link of the page."""
    with tab.context.expect_page() as opened:
        tab.page.click("text=Overview", modifiers=["Control"])
    page = opened.value
    await_text(page, "Up to date since")
    return page


def test_overview_follows_the_answers_of_another_tab(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 4, outcome="ACCEPTED", reason=Reason.AUDIT)
    tab = new_tab().open(application.start().address)
    overview = open_overview(tab)
    await_text(overview, "No answer is stored yet")
    overview.click("#precision-notes summary")

    tab.page.bring_to_front()
    tab.press("2")
    tab.press("1")
    tab.await_sent()

    overview.bring_to_front()
    await_text(overview, "Reviewer Answers Seconds, median Compared Agreement")
    await_text(overview, "anne 2")
    await_text(overview, "audits wait for another opinion")  # the details are still open
    assert "SUMMARY" == overview.evaluate("document.activeElement.tagName")
    assert [] == tab.errors


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_overview_is_accessible_and_not_wider_than_the_screen(
    application: Application, photos: list[bytes], new_tab: Any, axe: str, screen: str, scheme: str
) -> None:
    add(application.storage, photos, 3, classes={"truck": 0.6, MARKUP: 0.4})
    tab = new_tab(viewport=SCREENS[screen], color_scheme=scheme, bypass_csp=True)
    tab.open(application.start().address)
    tab.press("1")
    tab.press("2")
    tab.await_sent()
    tab.page.goto(application.address.partition("/?")[0] + "/overview")
    await_text(tab.page, MARKUP)

    tab.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert 0 == tab.page.evaluate(WIDER)
    assert [] == serious_findings(tab.page, axe)


def test_file_opens_without_network_and_shows_markup_as_it_is(
    application: Application, photos: list[bytes], new_tab: Any, tmp_path: Path
) -> None:
    add(application.storage, photos, 1, classes={"truck": 0.4, MARKUP: 0.6})
    tab = new_tab().open(application.start().address)
    tab.press("1")
    tab.await_sent()
    tab.page.goto(application.address.partition("/?")[0] + "/overview")
    with tab.page.expect_download() as download:
        tab.page.click("text=Save as one file")
    file = tmp_path / "overview.html"
    download.value.save_as(file)
    application.kill()

    offline = new_tab(offline=True)
    requests: list[str] = []
    offline.page.on("request", lambda request: requests.append(request.url))
    offline.page.goto(file.as_uri())
    await_text(offline.page, MARKUP)
    assert [file.as_uri()] == requests
    assert [] == offline.errors


def test_overview_says_that_the_connection_is_lost_and_keeps_its_figures(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 2)
    tab = new_tab().open(application.start().address)
    overview = open_overview(tab)
    application.kill()
    await_text(overview, "The connection to `scones review` is lost")
    assert "Images that wait" in overview.inner_text("body")
    assert [] == [error for error in tab.errors if UNREACHED not in error]


def test_figures_come_back_after_a_request_that_failed(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 2)
    tab = new_tab().open(application.start().address)
    overview = open_overview(tab)
    overview.route("**/overview/content", lambda route: route.abort())
    tab.press("1")
    tab.await_sent()
    await_text(overview, "The connection to `scones review` is lost")

    overview.unroute("**/overview/content")
    await_text(overview, "anne 1", 2 * PATIENCE)
    assert "is lost" not in overview.inner_text("body")


def test_expired_credentials_are_named_and_the_figures_come_back(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 2)
    tab = new_tab().open(application.start().address)
    application.expire_credentials()
    tab.page.goto(application.address.partition("/?")[0] + "/overview")
    await_text(tab.page, "Parts that are missing")
    await_text(tab.page, "AWS does not know the caller")
    application.renew_credentials()
    await_text(tab.page, "No answer is stored yet", 2 * PATIENCE)


def test_readers_who_do_not_read_disturb_nobody_and_the_server_ends(
    application: Application, photos: list[bytes], new_tab: Any
) -> None:
    add(application.storage, photos, 3)
    address = urlsplit(application.start().address)
    [token] = parse_qs(address.query)["token"]
    headers = f"Host: {address.netloc}\r\nCookie: review={token}\r\n"
    request = f"GET /overview/changes HTTP/1.1\r\n{headers}\r\n"
    readers = []
    for _ in range(60):  # more than the server has threads
        reader = socket.create_connection((address.hostname, address.port))
        reader.sendall(request.encode())
        readers.append(reader)

    tab = new_tab().open(application.address)
    for _ in range(3):
        tab.press("1")
    tab.await_sent()
    assert 3 == len(application.storage.stored())

    assert application.interrupt()
    for reader in readers:
        reader.close()
