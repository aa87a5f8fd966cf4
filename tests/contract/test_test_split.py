"""The test split measures the choices that the other splits are there to make: nothing may be chosen by it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# `stage` makes the split, `evaluate` measures on it, and `dataset` is where its name is defined.
MAY_NAME_IT = (
    "training/dataset/",
    "training/reports/",
    "training/steps/stage",
    "training/steps/evaluate.py",
    "training/endpoint/held_out_answers.py",
    "training/statistics/metrics.py",
)
# `archive` copies the lists of all splits, and reads no image of any.
MAY_GO_OVER_ALL = "training/steps/archive.py"
OTHERS = [
    path
    for path in sorted((ROOT / "training").rglob("*.py"))
    if not path.relative_to(ROOT).as_posix().startswith(MAY_NAME_IT)
]


def mentions(source: str, archives: bool = False) -> list[str]:
    """Every way in which a module's source could get at the test split, as `line: why`."""
    return [f"{line}: {why}" for node in ast.walk(ast.parse(source)) for line, why in _mentions(node, archives)]


def _mentions(node: ast.AST, archives: bool) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Name(id=name, lineno=line) | ast.Attribute(attr=name, lineno=line) | ast.alias(name=name, lineno=line):
            if name == "TEST" or (name == "SPLITS" and not archives):
                yield line, f"takes {name}"
        case ast.Constant(value=str(text), lineno=line):
            if {"test", "test_lst", "test.lst"} & set(text.split("/")):
                yield line, f"names it in {text!r}"
        case ast.Call(func=ast.Attribute(attr="images"), args=arguments, keywords=keywords, lineno=line):
            splits = [ast.unparse(one) for one in (*arguments[1:], *(word.value for word in keywords))]
            if splits not in (["TRAIN"], ["VALIDATION"], ["CALIBRATION"]):
                yield line, f"asks for the images of {splits}"


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_but_stage_and_evaluate_can_read_the_test_split(path: Path) -> None:
    archives = path == ROOT / MAY_GO_OVER_ALL
    assert [] == mentions(path.read_text(encoding="utf-8"), archives)


@pytest.mark.parametrize("step", ["train", "deploy"])
def test_no_step_that_chooses_reads_what_evaluate_found(step: str) -> None:
    for path in [ROOT / f"training/steps/{step}.py"]:
        taken = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
        assert "evaluate" not in taken, path


def test_evaluate_writes_no_model_card() -> None:
    for path in [ROOT / "training/steps/evaluate.py", *(ROOT / "training/reports").rglob("*.py")]:
        source = path.read_text(encoding="utf-8")
        assert [] == [name for name in ("write_model_card", "put_parameter", "fit_temperature") if name in source], path


@pytest.mark.parametrize(
    "source",
    [
        "from training.dataset.dataset import TEST",
        "import training.dataset.dataset\ntraining.dataset.TEST",
        "from training.dataset.dataset import SPLITS",
        "dataset.counts['test']",
        "key = f'{prefix}/test/{name}'",
        "'datasets/cars/test_lst/test.lst'",
        "dataset.images(s3, 'te' + 'st')",
        "dataset.images(s3, split)",
        "dataset.images(s3, split=name)",
        "dataset.images(s3, *names)",
    ],
)
def test_a_way_to_the_test_split_is_seen(source: str) -> None:
    assert mentions(source)


@pytest.mark.parametrize(
    "source", ["dataset.images(s3, TRAIN)", "dataset.images(context.aws.s3, CALIBRATION)", "'a smoke test'", "latest"]
)
def test_what_reads_another_split_is_left_alone(source: str) -> None:
    assert [] == mentions(source)
