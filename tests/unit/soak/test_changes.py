"""The items of a table's stream."""

from tests.soak.changes import Change, plain_item


def test_item_becomes_plain_json_values() -> None:
    item = {
        "image_url": {"S": "s3://images/a.png"},
        "image_processed": {"BOOL": True},
        "class_probabilities": {"M": {"truck": {"N": "0.92"}}},
    }
    expected = {
        "image_url": "s3://images/a.png",
        "image_processed": True,
        "class_probabilities": {"truck": 0.92},
    }
    assert expected == plain_item(item)


def test_deletion_is_reported_with_the_deleted_item() -> None:
    assert ("s3://images/a.png", "v1") == Change(
        {"image_url": "s3://images/a.png", "version": "v1"}, None
    ).identity
