"""Follow the links between pages."""

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from cli.page import FOLDER, Origin, link_pages, render_page

ORIGIN = Origin(datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "the local cloud")


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, Path]:
    """Write two pages in folders of their own; a third does not exist."""
    group = {name: tmp_path / f"{name} & more" / "page.html" for name in ("Demo", "Drift", "Other")}
    for name in ("Demo", "Drift"):
        group[name].parent.mkdir()
        group[name].write_text(empty_page())
    return group


def empty_page() -> str:
    return render_page(FOLDER, "frame.html.jinja", ORIGIN)


def links(page: Path) -> dict[str, Path]:
    """Return the targets of a page's links by their text."""
    found = re.findall(r'<a href="([^"]+)">([^<]+)</a>', page.read_text(encoding="utf-8"))
    return {unescape(text): page.parent / unquote(unescape(href)) for href, text in found}


def test_pages_of_a_group_link_to_each_other(pages: dict[str, Path]) -> None:
    link_pages(pages)
    assert {"Drift": pages["Drift"]} == resolved(pages["Demo"])
    assert {"Demo": pages["Demo"]} == resolved(pages["Drift"])


def test_link_to_a_deleted_page_is_removed(pages: dict[str, Path]) -> None:
    link_pages(pages)
    pages["Drift"].unlink()
    link_pages(pages)
    assert {} == links(pages["Demo"])


def test_links_of_another_group_are_retained(pages: dict[str, Path], tmp_path: Path) -> None:
    link_pages(pages)
    report = tmp_path / "report.html"
    report.write_text(empty_page())
    link_pages({"Demo": pages["Demo"], "Evaluation": report})
    assert {"Drift", "Evaluation"} == links(pages["Demo"]).keys()


def test_page_of_another_design_is_left_as_it_is(pages: dict[str, Path]) -> None:
    pages["Drift"].write_text("<p>of another tool</p>")
    link_pages(pages)
    assert "<p>of another tool</p>" == pages["Drift"].read_text()


def test_page_says_when_it_was_made_and_from_which_cloud() -> None:
    assert "Made 2026-01-02 03:04 UTC from the local cloud." in empty_page()


@pytest.mark.parametrize(
    ("expected", "url"),
    [
        ("the local cloud", "http://127.0.0.1:4566"),
        ("the local cloud", "http://localhost:80/"),
        ("AWS, eu-west-1", "https://sts.eu-west-1.amazonaws.com"),
    ],
)
def test_origin_follows_from_the_endpoint(expected: str, url: str) -> None:
    assert expected == Origin.of_endpoint(url, "eu-west-1").cloud


@pytest.mark.parametrize(
    ("expected", "account"),
    [
        ("the local cloud", "000000000000"),
        ("AWS account 123456789012, eu-west-1", "123456789012"),
    ],
)
def test_origin_follows_from_an_arn(expected: str, account: str) -> None:
    assert expected == Origin.of_arn(f"arn:aws:states:eu-west-1:{account}:execution:a:b").cloud


def resolved(page: Path) -> dict[str, Path]:
    return {text: target.resolve(strict=True) for text, target in links(page).items()}
