"""Check the replacement of a generated part of a page."""

import pytest

from documents.page_part import with_part

PAGE = "before\n<!-- errors: begin -->\nold\n<!-- errors: end -->\nafter\n"


def test_part_is_replaced_and_the_rest_stays() -> None:
    assert PAGE.replace("old", "new") == with_part(PAGE, "errors", "new\n")


def test_page_without_the_part_is_refused() -> None:
    with pytest.raises(ValueError, match="substring"):
        with_part(PAGE, "permissions", "new\n")
