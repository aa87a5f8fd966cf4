"""Hyperparameters are held against the algorithm's own ranges before a machine is paid for."""

from pathlib import Path

import pytest

from training.jobs.hyperparameters import DEFAULTS, KINDS, HyperparameterError, check, read

NEEDED = {"epochs": "10", "mini_batch_size": "32"}


def test_the_defaults_are_allowed_and_those_of_a_fine_tuned_resnet_18() -> None:
    defaults = read(DEFAULTS)
    check(defaults)
    assert "18" == defaults["num_layers"]
    assert "1" == defaults["use_pretrained_model"]
    assert "3,224,224" == defaults["image_shape"]


def test_every_default_has_its_reason_in_a_comment_above() -> None:
    lines = DEFAULTS.read_text(encoding="utf-8").splitlines()
    set_at = [
        number for number, line in enumerate(lines) if "=" in line and not line.startswith("#")
    ]
    assert len(read(DEFAULTS)) == len(
        [number for number in set_at if lines[number - 1].startswith("#")]
    )


def test_numbers_of_the_file_become_the_strings_that_sagemaker_wants(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("learning_rate = 1e-5\nepochs = 3\nearly_stopping = true\n")
    assert {"learning_rate": "1e-05", "epochs": "3", "early_stopping": "True"} == read(path)


@pytest.mark.parametrize("content", ["epochs: 3", b"\xff", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: str | bytes | None) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(HyperparameterError, match=r"mine\.toml"):
        read(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("epochs", "10"),
        ("learning_rate", "0"),
        ("learning_rate", "1"),
        ("learning_rate", "1e-4"),
        ("lr_scheduler_step", "10,20"),
        ("num_layers", "50"),
        ("top_k", "2"),
        ("top_k", "10"),
        ("optimizer", "adam"),
        ("early_stopping", "True"),
        ("image_shape", "3, 224, 224"),
        ("checkpoint_frequency", "10"),
    ],
)
def test_a_value_in_the_documented_range_is_allowed(name: str, text: str) -> None:
    check({**NEEDED, name: text})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("epochs", "0"),
        ("epochs", "1.5"),
        ("epochs", "ten"),
        ("epochs", "-1"),
        ("epochs", "[1, 2]"),
        ("learning_rate", "1.01"),
        ("learning_rate", "-0.1"),
        ("learning_rate", "nan"),
        ("learning_rate", ""),
        ("num_layers", "19"),
        ("top_k", "1"),
        ("optimizer", "lamb"),
        ("use_pretrained_model", "True"),
        ("early_stopping", "1"),
        ("lr_scheduler_step", "10;20"),
        ("image_shape", "224"),
    ],
)
def test_a_value_out_of_range_is_refused_with_what_it_must_be(name: str, text: str) -> None:
    with pytest.raises(HyperparameterError) as refused:
        check({**NEEDED, name: text})
    assert f"{name} is {text!r}, and must be {KINDS[name].words}." == str(refused.value)


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(
        HyperparameterError, match=r"learning_rte is not a .* Did you mean learning_rate\?"
    ):
        check({**NEEDED, "learning_rte": "0.1"})


def test_a_name_like_no_other_is_refused_with_all_that_are_known() -> None:
    with pytest.raises(HyperparameterError, match=r"Known are augmentation_type, .* weight_decay"):
        check({**NEEDED, "zzz": "1"})


@pytest.mark.parametrize("name", ["num_classes", "num_training_samples"])
def test_hyperparameters_of_the_dataset_cannot_be_set(name: str) -> None:
    with pytest.raises(HyperparameterError, match="is derived from the dataset"):
        check({**NEEDED, name: "2"})


@pytest.mark.parametrize("name", NEEDED)
def test_hyperparameters_of_the_checks_are_required(name: str) -> None:
    with pytest.raises(HyperparameterError, match=f"{name} is missing"):
        check({other: text for other, text in NEEDED.items() if other != name})


@pytest.mark.parametrize(
    "unlike",
    [
        {"num_layers": "20"},
        {"image_shape": "3,32,32", "num_layers": "18"},
        {"image_shape": "1,224,224"},
    ],
)
def test_a_network_without_pretrained_weights_is_refused_when_they_are_asked_for(
    unlike: dict[str, str],
) -> None:
    check({**NEEDED, **unlike, "use_pretrained_model": "0"})
    with pytest.raises(HyperparameterError, match="Pre-trained weights"):
        check({**NEEDED, **unlike, "use_pretrained_model": "1"})


def test_a_checkpoint_after_more_epochs_than_there_are_is_refused() -> None:
    with pytest.raises(HyperparameterError, match="checkpoint_frequency"):
        check({**NEEDED, "checkpoint_frequency": "11"})


def test_resize_is_larger_than_the_image_shape_by_default() -> None:
    assert "256" == read(DEFAULTS)["resize"]
    check(read(DEFAULTS))


@pytest.mark.parametrize(
    ("chosen", "resize"),
    [
        ({"resize": "224"}, 256),
        ({"resize": "32", "image_shape": "3,32,28"}, 36),
        ({"resize": "100"}, 256),
    ],
)
def test_resize_that_is_not_larger_than_the_image_shape_is_refused(
    chosen: dict[str, str], resize: int
) -> None:
    with pytest.raises(
        HyperparameterError, match=f"resize is .*larger than height and width .*Use {resize}"
    ):
        check({**NEEDED, **chosen})


def test_resize_of_one_pixel_more_than_the_image_shape_is_allowed() -> None:
    check({**NEEDED, "resize": "225"})
