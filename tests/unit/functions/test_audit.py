import pytest

from functions.filter_inferences.audit import (
    Audit,
    InvalidAuditShareError,
    InvalidImageVersionError,
    draw,
)

IMAGE = {"image_url": "s3://bucket/uploads/truck.jpg", "version": "v1"}


def draws(share: str, images: int = 10_000, salt: str = "salt") -> list[bool]:
    return [draw(IMAGE | {"version": f"v{number}"}, share, salt).drawn for number in range(images)]


def test_every_image_knows_the_probability_of_its_draw() -> None:
    audits = {draw(IMAGE | {"version": str(number)}, "0.25", "salt") for number in range(100)}
    assert {Audit(True, 0.25), Audit(False, 0.25)} == audits


def test_share_one_draws_every_image_and_share_zero_draws_none() -> None:
    assert all(draws("1", 100))
    assert not any(draws("0", 100))


@pytest.mark.parametrize("share", ["0.01", "0.2", "0.5"])
def test_share_of_drawn_images_is_the_audit_share(share: str) -> None:
    # Four standard deviations of 10,000 independent draws.
    tolerance = 4 * (float(share) * (1 - float(share)) / 10_000) ** 0.5
    assert pytest.approx(float(share), abs=tolerance) == sum(draws(share)) / 10_000


def test_repeated_execution_draws_the_same_image() -> None:
    assert draws("0.2", 500) == draws("0.2", 500)


def test_smaller_share_draws_part_of_the_larger_share() -> None:
    small, large = draws("0.05", 2_000), draws("0.2", 2_000)
    assert all(in_large for in_small, in_large in zip(small, large, strict=True) if in_small)


def test_another_salt_draws_other_images() -> None:
    assert draws("0.2", 500) != draws("0.2", 500, salt="another")


def test_draw_does_not_depend_on_the_prediction() -> None:
    request = IMAGE | {"class_probabilities": {"truck": 1.0}, "confidence_threshold": 0.5}
    other = IMAGE | {"class_probabilities": {"car": 0.6}, "confidence_threshold": 0.9}
    assert draw(request, "0.5", "salt") == draw(other, "0.5", "salt")


def test_key_that_is_not_unicode_can_be_drawn() -> None:
    assert draw(IMAGE | {"image_url": "s3://bucket/uploads/\ud800"}, "1", "salt").drawn


@pytest.mark.parametrize("share", ["", "many", "-0.1", "1.1", "nan"])
def test_wrong_share_is_refused_with_its_value(share: str) -> None:
    with pytest.raises(InvalidAuditShareError, match="from 0 to 1"):
        draw(IMAGE, share, "salt")


@pytest.mark.parametrize("wrong", [{"version": None}, {"version": ""}, {"image_url": 1}])
def test_request_without_image_version_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidImageVersionError, match="image_url and version"):
        draw(IMAGE | wrong, "0.1", "salt")
