"""Read hyperparameters from a TOML file and flags, and check them like the built-in algorithm."""

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from training.project.errors import TrainingError

DEFAULTS = Path(__file__).with_name("hyperparameters.toml")
FROM_THE_DATASET = ("num_classes", "num_training_samples")


class HyperparameterError(TrainingError):
    """Use a hyperparameter and a value that the algorithm accepts."""


@dataclass(frozen=True)
class Kind:
    """Describe a hyperparameter: its meaning, its values in words and as a test, its default."""

    words: str
    allows: Callable[[str], bool]
    meaning: str = ""
    default: str = "none"

    def means(self, meaning: str, default: str = "none") -> "Kind":
        """Return the same values with a meaning and the algorithm's default."""
        return replace(self, meaning=meaning, default=default)


def _is_fraction(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


def _one_of(*choices: str) -> Kind:
    return Kind(f"one of {', '.join(choices)}", choices.__contains__)


def _pattern(words: str, pattern: str) -> Kind:
    return Kind(words, lambda text: re.fullmatch(pattern, text) is not None)


_COUNT = _pattern("a positive integer", "[1-9][0-9]*")
_FRACTION = Kind("a number from 0 to 1", _is_fraction)
_FLAG = _one_of("0", "1")
_SHAPE = "3,224,224"  # AWS's default of image_shape
IMAGENET_LAYERS = ("18", "34", "50", "101", "152", "200")

# From the table at https://docs.aws.amazon.com/sagemaker/latest/dg/IC-Hyperparameter.html (read in
# 2026-11), without multi-label training and training on several machines. The meanings are
# shortened; the defaults are AWS's.
KINDS: Mapping[str, Kind] = {
    "augmentation_type": _one_of("crop", "crop_color", "crop_color_transform").means(
        "random changes of the training images"
    ),
    "beta_1": _FRACTION.means("decay of the first moment in adam", "0.9"),
    "beta_2": _FRACTION.means("decay of the second moment in adam", "0.999"),
    "checkpoint_frequency": _COUNT.means("epochs between two checkpoints", "none"),
    "early_stopping": _one_of("True", "False").means(
        "stop when the validation accuracy no longer improves", "False"
    ),
    "early_stopping_min_epochs": _COUNT.means("earliest epoch of early stopping", "10"),
    "early_stopping_patience": _COUNT.means("epochs to wait for an improvement", "5"),
    "early_stopping_tolerance": _FRACTION.means("smallest change that is an improvement", "0.0"),
    "epochs": _COUNT.means("passes over the training images", "30"),
    "eps": _FRACTION.means("epsilon of adam and rmsprop", "1e-8"),
    "gamma": _FRACTION.means("decay of the squared gradient in rmsprop", "0.9"),
    "image_shape": _pattern(
        "channels, height, width such as 3,224,224", " *[0-9]+ *, *[0-9]+ *, *[0-9]+ *"
    ).means("size of the model's input", _SHAPE),
    "learning_rate": _FRACTION.means("size of a gradient step", "0.1"),
    "lr_scheduler_factor": _FRACTION.means("factor that reduces the learning rate", "0.1"),
    "lr_scheduler_step": _pattern("epochs such as 10,20", "[0-9]+( *, *[0-9]+)*").means(
        "epochs after which the learning rate is reduced"
    ),
    "mini_batch_size": _COUNT.means("images in one gradient step", "32"),
    "momentum": _FRACTION.means("momentum of sgd and nag", "0.9"),
    "num_layers": _one_of(*IMAGENET_LAYERS, "20", "32", "44", "56", "110").means(
        "layers of the network", "152"
    ),
    "optimizer": _one_of("sgd", "adam", "rmsprop", "nag").means("optimization method", "sgd"),
    "precision_dtype": _one_of("float32", "float16").means("precision of the weights", "float32"),
    "resize": _COUNT.means("pixels of an image's shorter side in training"),
    "top_k": _pattern("an integer above 1", "[2-9]|[1-9][0-9]+").means(
        "also report how often the true class is among the k most probable"
    ),
    "use_pretrained_model": _FLAG.means("1 starts from ImageNet weights", "0"),
    "weight_decay": _FRACTION.means("weight decay of sgd and nag", "0.0001"),
}


def read(path: Path) -> dict[str, str]:
    """Return the hyperparameters of a TOML file as strings, as SageMaker expects them.

    Raises:
        HyperparameterError: The file is not readable.
    """
    try:
        return {
            name: str(value)
            for name, value in tomllib.loads(path.read_text(encoding="utf-8")).items()
        }
    except (OSError, ValueError) as exc:
        raise HyperparameterError(f"{path}: {exc}") from exc


def check(chosen: Mapping[str, str]) -> None:
    """Refuse hyperparameters that the algorithm would refuse minutes later on a paid machine.

    Raises:
        HyperparameterError: A hyperparameter is unknown or has a wrong value.
    """
    for name, text in chosen.items():
        if name in FROM_THE_DATASET:
            raise HyperparameterError(f"{name} is derived from the dataset. Leave it out.")
        if name not in KINDS:
            raise HyperparameterError(
                f"{name} is not a hyperparameter of the algorithm.{_nearest(name)}"
            )
        if not KINDS[name].allows(text):
            raise HyperparameterError(f"{name} is {text!r}, and must be {KINDS[name].words}.")
    _check_together(chosen)


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, KINDS, n=1)
    return f" Did you mean {near[0]}?" if near else f" Known are {', '.join(KINDS)}."


def _check_together(chosen: Mapping[str, str]) -> None:
    missing = sorted({"epochs", "mini_batch_size"} - chosen.keys())
    if missing:
        raise HyperparameterError(
            f"{', '.join(missing)} is missing. The checks and the progress bar need it."
        )
    if chosen.get("use_pretrained_model") == "1":
        if chosen.get("num_layers", "152") not in IMAGENET_LAYERS:
            raise HyperparameterError(
                f"Pre-trained weights exist only for num_layers {', '.join(IMAGENET_LAYERS)}."
            )
        if chosen.get("image_shape", _SHAPE).replace(" ", "") != _SHAPE:
            raise HyperparameterError("Pre-trained weights need an image_shape of 3,224,224.")
    if "resize" in chosen:
        _check_resize(int(chosen["resize"]), chosen.get("image_shape", _SHAPE))
    if int(chosen.get("checkpoint_frequency", "1")) > int(chosen["epochs"]):
        raise HyperparameterError("checkpoint_frequency must not be larger than epochs.")


def _check_resize(resize: int, image_shape: str) -> None:
    # AWS requires more than image_shape "to prevent training failure", so equality is refused.
    largest = max(int(side) for side in image_shape.split(",")[1:])
    if resize <= largest:
        raise HyperparameterError(
            f"resize is {resize}, and must be larger than height and width of image_shape "
            f"{image_shape}. Use {largest * 256 // 224}, or the default of "
            "training/jobs/hyperparameters.toml."
        )
