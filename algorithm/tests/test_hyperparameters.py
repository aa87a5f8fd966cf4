from pathlib import Path

import pytest

from algorithm.hyperparameters import READERS, HyperparameterError, Hyperparameters, parse, read

REQUIRED = {"num_classes": "2", "num_training_samples": "430"}
# The table at https://docs.aws.amazon.com/sagemaker/latest/dg/IC-Hyperparameter.html
BUILT_IN = """num_classes num_training_samples augmentation_type beta_1 beta_2
checkpoint_frequency early_stopping early_stopping_min_epochs early_stopping_patience
early_stopping_tolerance epochs eps gamma image_shape kv_store learning_rate lr_scheduler_factor
lr_scheduler_step mini_batch_size momentum multi_label num_layers optimizer
precision_dtype resize top_k use_pretrained_model use_weighted_loss weight_decay"""


def test_parse_knows_all_of_the_built_in_algorithm_and_no_others() -> None:
    assert set(BUILT_IN.split()) == set(READERS)


def test_parse_required_only_takes_the_built_in_algorithms_defaults() -> None:
    chosen = parse(REQUIRED)
    assert 30 == chosen.epochs
    assert 0.1 == chosen.learning_rate
    assert 32 == chosen.mini_batch_size
    assert 0.9 == chosen.momentum
    assert 0.0001 == chosen.weight_decay
    assert "sgd" == chosen.optimizer
    assert "152" == chosen.num_layers


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("epochs", "5", 5),
        ("learning_rate", "1e-2", 0.01),
        ("optimizer", "nag", "nag"),
        ("lr_scheduler_step", "10, 20", (10, 20)),
        ("early_stopping", "True", True),
        ("early_stopping", "false", False),
        ("top_k", "2", 2),
        ("checkpoint_frequency", "30", 30),
        ("num_layers", "18", "18"),
        ("kv_store", "dist_sync", "dist_sync"),
        ("image_shape", "3, 224, 224", "3,224,224"),
        ("resize", "256", 256),
        ("use_pretrained_model", "1", "1"),
    ],
)
def test_parse_value_is_read(name: str, text: str, expected: object) -> None:
    assert expected == getattr(parse(REQUIRED | {name: text}), name)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("epochs", "0", "an integer of 1 or more"),
        ("epochs", "2.5", "an integer of 1 or more"),
        ("num_classes", "1", "an integer of 2 or more"),
        ("num_classes", "two", "an integer of 2 or more"),
        ("learning_rate", "-0.1", "a number from 0 to 1"),
        ("learning_rate", "nan", "a number from 0 to 1"),
        ("optimizer", "lamb", "one of sgd, nag, adam, rmsprop"),
        ("lr_scheduler_step", "10;20", "a list of epochs such as 10,20"),
        ("early_stopping", "yes", "True or False"),
        ("top_k", "1", "an integer of 2 or more"),
        ("num_layers", "19", "one of 18, 34"),
        ("use_pretrained_model", "0", "1: the backbone is always pretrained"),
        ("image_shape", "3,32,32", "3,224,224: the backbone was trained on this size"),
        ("resize", "256.5", "an integer of 1 or more"),
        ("precision_dtype", "float16", "float32: "),
        ("multi_label", "1", "0: an image has one class"),
        ("use_weighted_loss", "1", "0: it belongs to multi_label"),
        ("augmentation_type", "flip", "one of crop, crop_color, crop_color_transform"),
    ],
)
def test_parse_value_that_cannot_be_honoured_is_refused_with_its_name(
    name: str, text: str, reason: str
) -> None:
    with pytest.raises(HyperparameterError, match=f"{name}: '{text}' is not {reason}"):
        parse(REQUIRED | {name: text})


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("top_k", "3", "3 is more than num_classes"),
        ("checkpoint_frequency", "31", "31 is more than epochs"),
        ("resize", "224", "224 is not larger than image_shape, 3,224,224"),
    ],
)
def test_parse_values_that_disagree_are_refused(name: str, text: str, reason: str) -> None:
    with pytest.raises(HyperparameterError, match=f"{name}: {reason}"):
        parse(REQUIRED | {name: text})


def test_parse_unknown_name_is_named() -> None:
    with pytest.raises(
        HyperparameterError, match=r"mini_batch_siz: unknown; known are .*mini_batch_size"
    ):
        parse(REQUIRED | {"mini_batch_siz": "8"})


def test_parse_missing_name_is_named() -> None:
    with pytest.raises(HyperparameterError, match="num_training_samples: missing"):
        parse({"num_classes": "2"})


def test_learning_rate_of_is_reduced_after_each_of_the_steps() -> None:
    chosen = Hyperparameters(
        2, 430, learning_rate=0.4, lr_scheduler_step=(1, 3), lr_scheduler_factor=0.5
    )
    assert [0.4, 0.2, 0.2, 0.1] == [chosen.learning_rate_of(epoch) for epoch in range(4)]


@pytest.mark.parametrize("text", ["{", "[]", '{"epochs": 3}'])
def test_read_anything_but_an_object_of_strings_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hyperparameters.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HyperparameterError, match=r"hyperparameters\.json"):
        read(path)
