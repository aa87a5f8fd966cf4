"""`review`: the page of a folder, and options that it cannot have."""

import argparse
import importlib.util
import io
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from operations.command_line import main
from operations.commands.review import NoSecondReviewerError, add_arguments, label
from untrusted.console import Console


@pytest.mark.parametrize("option", [["--two-opinions"], ["--second-look", "5"]])
def test_folder_has_no_second_reviewer(option: list[str], tmp_path: Any) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = parser.parse_args(["--folder", str(tmp_path), *option])
    with pytest.raises(NoSecondReviewerError):
        label(Console(file=io.StringIO()), options)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_folder_is_served_without_account_and_project(
    tmp_path: Path,
    taken_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.png").write_bytes(b"an image")
    # The taken port ends the command at its last step.
    words = ["review", "--folder", ".", "--classes", "automobile,truck", "--port", str(taken_port)]
    assert 1 == main([*words, "--profile", "missing"])
    assert "PortInUseError" in capsys.readouterr().err


def test_classes_of_a_folder_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["review", "--folder", ".", "--classes", "truck"])
    assert "--classes automobile,truck" in capsys.readouterr().err
