"""Show the result of `stage`: a table on the console, and lists in the run's folder."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from cli.names import rows_of, shorten
from training.dataset.dataset import SPLITS, TRAIN
from training.dataset.layout import path_in_split
from training.dataset.preparation import Unreadable
from training.dataset.selection import SURPLUS, LeftOut
from training.dataset.split import Splits
from untrusted.console import Console
from untrusted.text import spreadsheet_cell

FEW = 50  # training images of a class
_WHY = {SURPLUS: "over the ratio of --balance"}
_IMAGES = "images.csv"


@dataclass(frozen=True)
class Contents:
    """The splits of a dataset, and the images of its source that are not in it."""

    splits: Splits
    unreadable: Sequence[Unreadable]
    left_out: Sequence[LeftOut]

    @property
    def labelled(self) -> int:
        """Return the number of labelled images: in the dataset, left out or unreadable."""
        chosen = sum(map(len, self.splits.images.values()))
        return chosen + len(self.left_out) + len(self.unreadable)

    @property
    def reasons(self) -> dict[str, int]:
        """Return the number of readable images that were left out, by reason."""
        return dict(sorted(Counter(item.reason for item in self.left_out).items()))


def write_left_out(
    unreadable: Sequence[Unreadable], left_out: Sequence[LeftOut], folder: Path
) -> None:
    """Write unreadable.csv and left_out.csv.

    Raises:
        OSError: The folder is not writable.
    """
    _write(folder / "unreadable.csv", ("path", "error", "cause"), map(asdict, unreadable))
    _write(folder / "left_out.csv", ("path", "reason", "explanation"), map(asdict, left_out))


def write_images(splits: Splits, folder: Path) -> None:
    """Write images.csv, which maps each image of the dataset to its image in the source.

    `reason` says why the image has a label: `source`, `review` or `audit`. Images that stay
    together have the same `group`. `hash` is the perceptual hash.

    Raises:
        OSError: The folder is not writable.
    """
    files = [image for split in SPLITS for image in splits.images[split]]
    sizes = Counter(image.group for image in files)
    rows = (
        {
            "split": file.split,
            "image": path_in_split(file),
            "source": file.path,
            "reason": file.reason,
            "group": file.group if sizes[file.group] > 1 else "",
            "hash": file.image_hash,
        }
        for file in files
    )
    _write(folder / _IMAGES, ("split", "image", "source", "reason", "group", "hash"), rows)


def read_sources(folder: Path) -> dict[str, str]:
    """Return the source of each image by its split and path, as `write_images` wrote them.

    The run's folder may be on another machine; then the result is empty.
    """
    return {f"{row['split']}/{row['image']}": row["source"] for row in read_images(folder)}


def read_images(folder: Path) -> list[dict[str, str]]:
    """Return the rows of images.csv, [] if the run's folder does not have it."""
    path = folder / _IMAGES
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, columns: Sequence[str], rows: Iterable[dict[str, str]]) -> None:
    aside = path.with_suffix(".partial")
    with aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(
            {name: spreadsheet_cell(text) for name, text in row.items()} for row in rows
        )
    aside.replace(path)


def show_contents(contents: Contents, folder: Path, console: Console) -> None:
    """Show the number of images by class and split, and the number left out by reason."""
    console.print(use_of_images(contents, folder))
    if few := small_classes(contents.splits):
        console.print(few)
    counts = contents.splits.counts()
    table = Table("class", *(split for split in SPLITS), box=None, pad_edge=False, show_footer=True)
    for column, split in zip(table.columns[1:], SPLITS, strict=True):
        column.justify = "right"
        column.footer = f"{sum(counts[split].values()):,}"
    table.columns[0].footer = "total"

    labels, others = rows_of(contents.splits.labels, "classes")
    for label in labels:
        table.add_row(label, *(f"{counts[split][label]:,}" for split in SPLITS))
    console.print(table)
    if others:
        console.print(others)

    trained, listed = contents.splits.images[TRAIN], contents.splits.entries(TRAIN)
    if len(listed) > len(trained):
        console.print(
            f"Training repeats images of small classes (--oversample): {len(trained):,} images, "
            f"{len(listed):,} in each epoch."
        )

    groups = contents.splits.groups()
    if groups != {split: sum(counts[split].values()) for split in SPLITS}:
        named = ", ".join(f"{split} {groups[split]:,}" for split in SPLITS)
        console.print(f"Groups of images that stay together: {named}")

    errors = Counter(item.error for item in contents.unreadable)
    if errors:
        named = ", ".join(f"{error}: {count:,}" for error, count in errors.most_common())
        console.print(
            f"{len(contents.unreadable):,} unreadable ({named}): {folder / 'unreadable.csv'}"
        )


def use_of_images(contents: Contents, folder: Path) -> str:
    """Say in one sentence how many labelled images are not in the dataset, and why."""
    missing = {_WHY.get(reason, reason): count for reason, count in contents.reasons.items()}
    if contents.unreadable:
        missing["unreadable"] = len(contents.unreadable)
    count = sum(missing.values())
    if not count:
        return f"All {contents.labelled:,} labelled images are in the dataset."
    why = ", ".join(f"{reason}: {number:,}" for reason, number in missing.items())
    where = f": {folder / 'left_out.csv'}" if contents.left_out else ""
    share = f"{count:,} of {contents.labelled:,} labelled images ({count / contents.labelled:.1%})"
    return f"{share} are left out ({why}){where}"


def small_classes(splits: Splits) -> str | None:
    """Name the classes with few training images, the smallest first; None without one."""
    counts = splits.counts()[TRAIN]
    few = sorted(
        (label for label in splits.labels if counts[label] < FEW), key=lambda label: counts[label]
    )
    if not few:
        return None
    named = shorten([f"{label} ({counts[label]:,})" for label in few])
    return (
        f"Classes with fewer than {FEW} training images: {named}. "
        "More images of them improve the model most."
    )
