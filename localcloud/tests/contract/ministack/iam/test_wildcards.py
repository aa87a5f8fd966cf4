"""Wildcards in policies match newlines, and nothing beyond the pattern."""

import pytest
from ministack.core.iam_evaluator import fnmatch_iam, fnmatch_iam_cs

ARN = "arn:aws:s3:::images/parcels/"


@pytest.mark.usefixtures("ministack")
@pytest.mark.parametrize(
    ("matches", "key", "pattern"),
    [
        (True, "", "*"),
        (True, "a\nb.png", "*"),
        (True, "a\nb.png", "a?b.png"),
        (True, "a\n", "a*"),
        (False, "a\n", "a"),
        (False, "a\n", "?"),
        (False, "A", "a"),
        (True, "a.b[c]", "a.b[c]"),
        (False, "axb", "a.b"),
    ],
)
def test_pattern_matches_a_whole_key(matches: bool, key: str, pattern: str) -> None:
    assert matches == fnmatch_iam_cs(ARN + key, ARN + pattern)


@pytest.mark.usefixtures("ministack")
def test_action_matches_in_any_case() -> None:
    assert fnmatch_iam("s3:getobject", "S3:Get*")
