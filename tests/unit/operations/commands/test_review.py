"""`review`: options that the page of a folder cannot have."""

import argparse
import io
from typing import Any

import pytest

from operations.commands.review import NoSecondReviewerError, add_arguments, label
from untrusted.console import Console


@pytest.mark.parametrize("option", [["--two-opinions"], ["--second-look", "5"]])
def test_folder_has_no_second_reviewer(option: list[str], tmp_path: Any) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = parser.parse_args(["--folder", str(tmp_path), *option])
    with pytest.raises(NoSecondReviewerError):
        label(Console(file=io.StringIO()), options)
