"""CSV and JSON-lines manifests."""

import json
from pathlib import Path

import pytest

from training.dataset.manifest import read_manifest
from training.dataset.manifest_rows import Columns, ManifestError
from training.dataset.source import Source, UnknownClassError
from training.steps.context import Context


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "b c.png"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def read(
    folder: Path,
    text: str,
    context: Context,
    name: str = "m.csv",
    wanted: tuple[str, ...] = (),
    **columns: str,
) -> Source:
    (folder / name).write_text(text, encoding="utf-8")
    return read_manifest(folder / name, Columns(**columns), wanted, context.aws.s3)


def rows(source: Source) -> list[tuple[str, str, str]]:
    return [(Path(image.path).name, image.label, image.split) for image in source.images]


EXPECTED = [("a.png", "car", "train"), ("b c.png", "truck", "test")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.csv", "path,label,split\na.png,car,train\nb c.png,truck,test\n"),
        ("m.csv", '\ufeffpath;label;split\r\na.png;car;\r\n"b c.png"; truck;TEST\r\n'),
        ("m.tsv", "split\tother\tpath\tlabel\ntrain\t1\ta.png\tcar\ntest\t2\tb c.png\ttruck\n"),
        (
            "m.jsonl",
            '{"path": "a.png", "label": "car"}\n\n'
            '{"path": "b c.png", "label": "truck", "split": "test"}\n',
        ),
        ("m.csv", "\ufeffsep=;\r\npath;label;split\r\na.png;car;\r\nb c.png;truck;test\r\n"),
        ("m.csv", "path,label,split\n,,\na.png,car,\n , ,\n\nb c.png,truck,test\n,,\n"),
        (
            "m.json",
            '[{"path": "a.png", "label": "car"}, {"path": "b c.png", "label": "truck", '
            '"split": "test"}]',
        ),
        (
            "m.json",
            '[\n {"path": "a.png",\n  "label": "car"},\n {"path": "b c.png",\n'
            '  "label": "truck", "split": "Testing"}\n]\n',
        ),
    ],
    ids=["comma", "spreadsheet", "tab", "json", "excel", "empty rows", "array", "pretty"],
)
def test_a_manifest_is_read_however_it_is_written(
    name: str, text: str, folder: Path, context: Context
) -> None:
    assert EXPECTED == rows(read(folder, text, context, name))


def test_columns_can_have_other_names(folder: Path, context: Context) -> None:
    found = read(folder, "file,kind\na.png,car\n", context, path="file", label="kind")
    assert EXPECTED[:1] == rows(found)


def test_a_row_can_name_a_group(folder: Path, context: Context) -> None:
    found = read(folder, "path,label,group\na.png,car,burst 7\nb c.png,car,\n", context)
    assert ["burst 7", ""] == [image.group for image in found.images]


def test_a_path_is_relative_to_the_manifest(folder: Path, context: Context) -> None:
    assert b"a.png" == read(folder, "path,label\na.png,car\n", context).images[0].read()


def test_a_label_can_be_a_number(folder: Path, context: Context) -> None:
    assert ("7",) == read(
        folder, json.dumps({"path": "a.png", "label": 7}), context, "m.jsonl"
    ).classes


def test_an_image_of_a_manifest_can_lie_in_s3(folder: Path, context: Context) -> None:
    context.aws.s3.create_bucket(Bucket="raw")
    context.aws.s3.put_object(Bucket="raw", Key="x.png", Body=b"data")
    assert b"data" == read(folder, "path,label\ns3://raw/x.png,car\n", context).images[0].read()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "file,label\na.png,car\n",
            r"no column path\. Its first line names file, label.*--path-column",
        ),
        ("", "no column path and no column label"),
        ("path,label\n", "has no rows"),
        ("path,label\na.png,\n", "line 2 has no label"),
        ("path,label\na.png\n", "line 2 has no label"),
        ("path,label\n,car\n", "line 2 has no path"),
        (
            "path,label,split\na.png,car,half\n",
            r"the split half\. Use one of train, validation, calibration, test",
        ),
        ("path,label\ns3://,car\n", "line 2: 's3://' is not an S3 URL"),
        ('path,label\n"a.png,car\n', "cannot be read"),
    ],
)
def test_invalid_row_is_an_error_with_its_line(
    text: str, message: str, folder: Path, context: Context
) -> None:
    with pytest.raises(ManifestError, match=message):
        read(folder, text, context)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path", "line 1 is not valid JSON. Every line must hold one JSON object"),
        ("9" * 5000, "line 1 is not valid JSON"),
        ("[" * 100_000, "line 1 is not valid JSON"),
        ("[1]", "entry 1 is not a JSON object"),
        ("1", "line 1 is not a JSON object"),
        ('\n{"path": ["a"], "label": "car"}', "line 2: path is .* not text"),
        ('{"path": "a.png"}', "line 1 has no label"),
    ],
)
def test_invalid_json_line_is_an_error_with_its_number(
    text: str, message: str, folder: Path, context: Context
) -> None:
    with pytest.raises(ManifestError, match=message):
        read(folder, text, context, "m.jsonl")


def test_manifest_in_another_encoding_is_an_error(folder: Path, context: Context) -> None:
    (folder / "m.csv").write_text("path,label\na.png,caf\u00e9\n", encoding="latin-1")
    with pytest.raises(ManifestError, match="not in UTF-8"):
        read_manifest(folder / "m.csv", Columns(), (), context.aws.s3)


def test_label_outside_the_classes_is_an_error(folder: Path, context: Context) -> None:
    with pytest.raises(
        UnknownClassError, match="line 2 has the label cra, which is not among --classes"
    ):
        read(folder, "path,label\na.png,cra\n", context, wanted=("car", "truck"))


def test_class_that_the_manifest_lacks_is_an_error(folder: Path, context: Context) -> None:
    with pytest.raises(UnknownClassError, match="not have the class truck"):
        read(folder, "path,label\na.png,car\n", context, wanted=("car", "truck"))


@pytest.mark.parametrize("name", ["val", "dev", "VAL", "Validation", "valid"])
def test_validation_split_has_several_names(name: str, folder: Path, context: Context) -> None:
    found = read(folder, f"path,label,split\na.png,car,{name}\n", context)
    assert ["validation"] == [image.split for image in found.images]


def test_line_of_an_error_counts_the_line_of_excel(folder: Path, context: Context) -> None:
    with pytest.raises(ManifestError, match="line 3 has no label"):
        read(folder, "sep=,\npath,label\na.png,\n", context)


def test_path_of_windows_is_found(folder: Path, context: Context) -> None:
    (folder / "deep/down").mkdir(parents=True)
    (folder / "deep/down/x.png").write_bytes(b"x")
    found = read(folder, "path,label\ndeep\\down\\x.png,car\n", context)
    assert b"x" == found.images[0].read()


@pytest.mark.parametrize("name", ["z.png", "C:\\\\photos\\\\z.png", "\\ud800.png", "\\u0000.png"])
def test_missing_file_is_reported_like_an_unreadable_one(
    name: str, folder: Path, context: Context
) -> None:
    text = f'{{"path": "{name}", "label": "car"}}\n{{"path": "a.png", "label": "car"}}'
    missing, present = read(folder, text, context, "m.jsonl").images
    with pytest.raises(FileNotFoundError, match="does not exist"):
        missing.read()
    assert b"a.png" == present.read()
