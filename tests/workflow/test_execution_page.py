"""`python -m operations execution` on the deployed service: what really happened, as a page."""

import re
from pathlib import Path

import pytest

from tests.workflow.deployed import TRUCK, Deployed
from tests.workflow.operations import Operations

CLASSIFIED = [
    "Serialize image",
    "Classify image",
    "Filter inferences",
    "Record prediction",
    "Announce outcome",
]


def taken(page: str) -> set[str]:
    """The states that the drawing marks."""
    return set(re.findall(r'class="state \w+ taken" data-state="([^"]+)"', page))


@pytest.mark.parametrize("named_by", ["image_url", "execution"])
def test_upload_is_a_page_with_its_path_and_the_image_as_the_model_got_it(
    service: Deployed, operations: Operations, tmp_path: Path, named_by: str
) -> None:
    decided = service.upload(TRUCK, f"page/{named_by}.webp")
    names = {"image_url": decided.output["image_url"], "execution": decided.execution}
    answer = operations("execution", names[named_by], "--to", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert CLASSIFIED == [state for state in answer["path"] if state in CLASSIFIED]
    assert set(answer["path"]) == taken(page)
    assert 1 == page.count("data:image/png;base64,")
    assert [] == re.findall(r"[A-Za-z0-9+/]{200,}", re.sub(r'src="data:[^"]+"', "", page))
    assert [] == re.findall(r'(?:src|href)="(?!data:)[^"#]', page)


def test_page_shows_that_invalid_input_fails_in_the_first_state(
    service: Deployed, operations: Operations, tmp_path: Path
) -> None:
    run = service.start({"image_url": "x" * 10_000})
    answer = operations("execution", run.execution, "--to", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "FAILED" == answer["status"]
    assert ["Read input", "Invalid image URL"] == answer["path"]
    assert "The execution failed with InvalidImageUrlError" in page
    assert "(10,000 characters in all)" in page
