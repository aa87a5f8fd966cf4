"""run.json: written at every change, read back the same, and never half."""

import json
from pathlib import Path

import pytest

from training.project.run_file import (
    RunFile,
    RunFileError,
    RunInUseError,
    StepNotDoneError,
    alone_in,
    open_run_file,
)


def test_a_run_that_has_not_begun_has_no_file(run_file: RunFile) -> None:
    assert not run_file.path.exists()


def test_the_result_of_a_step_is_there_when_the_file_is_opened_again(run_file: RunFile) -> None:
    run_file.begin("stage", seed=1)
    run_file.done("stage", {"digest": "sha256:1"})
    assert {"digest": "sha256:1"} == open_run_file(run_file.folder).result("stage")


def test_a_step_that_was_never_done_is_missed_by_name(run_file: RunFile) -> None:
    with pytest.raises(StepNotDoneError, match="scones stage"):
        run_file.result("stage")


def test_interrupted_step_with_the_same_request_finds_its_facts(run_file: RunFile) -> None:
    run_file.begin("train", epochs=3)
    run_file.note("train", training_job="job-1")
    assert {"training_job": "job-1"} == open_run_file(run_file.folder).begin("train", epochs=3)


def test_interrupted_step_with_another_request_starts_without_facts(run_file: RunFile) -> None:
    run_file.begin("train", epochs=3)
    run_file.note("train", training_job="job-1")
    assert {} == run_file.begin("train", epochs=4)


def test_return_to_an_earlier_request_finds_its_facts(run_file: RunFile) -> None:
    for epochs in (3, 4):
        run_file.begin("train", epochs=epochs)
        run_file.note("train", training_job=f"job-{epochs}")
    assert {"training_job": "job-3"} == run_file.begin("train", epochs=3)


def test_a_step_begun_again_keeps_its_earlier_result_until_it_is_done(run_file: RunFile) -> None:
    run_file.begin("train", epochs=3)
    run_file.done("train", {"model_data": "s3://b/1"})
    run_file.begin("train", epochs=4)
    assert {"model_data": "s3://b/1"} == run_file.result("train")


def test_requests_are_compared_as_json(run_file: RunFile) -> None:
    run_file.begin("stage", source=Path("photos"), split=(0.8, 0.2))
    run_file.note("stage", bucket="b")
    assert {"bucket": "b"} == run_file.begin("stage", source=Path("photos"), split=(0.8, 0.2))


def test_a_step_that_is_forgotten_has_no_result(run_file: RunFile) -> None:
    run_file.begin("deploy")
    run_file.done("deploy", {})
    run_file.forget("deploy")
    assert open_run_file(run_file.folder).find("deploy") is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"format": 1}',
        '{"format": 99, "steps": {}}',
        '{"format": 1, "steps": []}',
        '{"format": 1, "steps": {"stage": "x"}}',
        '{"format": 1, "steps": {"stage": {}}}',
        '{"format": 1, "steps": {"stage": {"status": "done", "tries": [1]}}}',
    ],
)
def test_damaged_or_unknown_run_file_is_refused_and_left_as_it_is(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunFileError, match=r"(?i)move (the run\.json|it) away"):
        open_run_file(tmp_path)
    assert content == (tmp_path / "run.json").read_text()


def test_a_crash_while_writing_leaves_the_file_as_it_was(
    run_file: RunFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_file.begin("stage")
    before = run_file.path.read_text()

    def crash(_self: Path, _target: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(OSError, match="no space left"):
        run_file.done("stage", {})
    assert before == run_file.path.read_text()


def test_the_file_is_json_that_people_can_read(run_file: RunFile) -> None:
    run_file.begin("stage")
    assert {"format", "steps"} == json.loads(run_file.path.read_text()).keys()


def test_folder_in_place_of_run_json_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    with pytest.raises(RunFileError, match=r"(?i)move (the run\.json|it) away"):
        open_run_file(tmp_path)


def test_a_second_step_in_the_same_run_is_refused_while_the_first_is_at_work(
    tmp_path: Path,
) -> None:
    with (
        alone_in(tmp_path / "run"),
        pytest.raises(RunInUseError, match="another --run"),
        alone_in(tmp_path / "run"),
    ):
        pass


def test_the_next_step_may_begin_when_the_first_has_ended(tmp_path: Path) -> None:
    for _ in range(2):
        with alone_in(tmp_path / "run"):
            pass


def test_run_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunFileError, match="cannot be written"), alone_in(tmp_path / "file/run"):
        pass


def test_attempt_keeps_its_facts_in_the_file(run_file: RunFile) -> None:
    run_file.begin("deploy", model="a")
    run_file.attempt("deploy").note(name="config-1")
    assert {"name": "config-1"} == open_run_file(run_file.folder).attempt("deploy").facts


def test_attempt_at_a_step_that_never_began_has_no_facts(run_file: RunFile) -> None:
    assert {} == run_file.attempt("deploy").facts
