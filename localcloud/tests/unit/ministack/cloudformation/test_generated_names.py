"""Generated names match a real stack, and the limits of services."""

import pytest

from localcloud.ministack.cloudformation.generated_names import generated_name

# https://github.com/KensioSoftware/yulin/issues/1113: three resources of a stack of 26 characters.
# Their logical ids are known as far as the names show them.
STACK = "ChineseboostAnalyticsStack"


@pytest.mark.parametrize(
    ("expected", "logical_id", "random", "longest"),
    [
        (
            "chineseboostanalyticsstac-rainlyticslogsbucket8df4-hdst4ohfvdif",
            "RainlyticsLogsBucket8DF4-and-more",
            "hdst4ohfvdif",
            63,
        ),
        (
            "-".join(["ChineseboostAnalyticsStac", "RainlyticsSummariesJobFun", "UjecjFhpdr1d"]),
            "RainlyticsSummariesJobFun-and-more",
            "UjecjFhpdr1d",
            64,
        ),
        (
            "-".join([STACK, "RainlyticsSummariesJobLogs1C6CB09C", "UJ5n2NwuSPZB"]),
            "RainlyticsSummariesJobLogs1C6CB09C",
            "UJ5n2NwuSPZB",
            512,
        ),
    ],
)
def test_name_is_shortened_as_on_aws(
    expected: str, logical_id: str, random: str, longest: int
) -> None:
    name = generated_name(STACK, logical_id, random, longest)
    assert expected == (name.lower() if expected.islower() else name)


@pytest.mark.parametrize("stack", ["a", "a" * 20, "a" * 25, "a" * 26, "a" * 128])
def test_shortened_name_is_exactly_as_long_as_its_service_allows(stack: str) -> None:
    name = generated_name(stack, "ImageClassificationWorkflowRoleOfAll", "r" * 12, 64)
    assert min(64, len(stack) + 1 + 36 + 1 + 12) == len(name)
