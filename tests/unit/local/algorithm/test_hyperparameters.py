from pathlib import Path

import pytest

from local.algorithm.hyperparameters import HyperparameterError, Hyperparameters, parse, read

REQUIRED = {"num_classes": "2", "num_training_samples": "430"}


def test_parse_required_only_takes_the_defaults() -> None:
    expected = Hyperparameters(2, 430, 30, 0.1, 32, 0.9, 0.0001)
    assert expected == parse(REQUIRED)


def test_parse_strings_become_numbers() -> None:
    texts = REQUIRED | {"epochs": "5", "learning_rate": "1e-2", "mini_batch_size": "8", "num_layers": "18"}
    assert Hyperparameters(2, 430, epochs=5, learning_rate=0.01, mini_batch_size=8) == parse(texts)


@pytest.mark.parametrize(
    ("name", "text"),
    [("epochs", "0"), ("epochs", "2.5"), ("num_classes", "two"), ("learning_rate", "-0.1"), ("learning_rate", "nan")],
)
def test_parse_value_out_of_range_is_named(name: str, text: str) -> None:
    with pytest.raises(HyperparameterError, match=f"{name}: '{text}' is not"):
        parse(REQUIRED | {name: text})


def test_parse_unknown_name_is_named() -> None:
    with pytest.raises(HyperparameterError, match=r"mini_batch_siz: unknown; known are .*mini_batch_size"):
        parse(REQUIRED | {"mini_batch_siz": "8"})


def test_parse_missing_name_is_named() -> None:
    with pytest.raises(HyperparameterError, match="num_training_samples: missing"):
        parse({"num_classes": "2"})


@pytest.mark.parametrize("text", ["{", "[]", '{"epochs": 3}'])
def test_read_anything_but_an_object_of_strings_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hyperparameters.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HyperparameterError, match=r"hyperparameters\.json"):
        read(path)
