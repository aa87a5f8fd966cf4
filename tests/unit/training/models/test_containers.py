"""The containers of models, by algorithm."""

from training.models.containers import algorithm_of, container

BUILT_IN = "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
SCRIPT = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"


def test_image_names_the_algorithm() -> None:
    assert "image-classification" == algorithm_of(BUILT_IN)
    assert "transfer-learning" == algorithm_of(SCRIPT)


def test_built_in_algorithm_gets_no_variables() -> None:
    assert {"Image": BUILT_IN, "ModelDataUrl": "s3://b/m.tar.gz"} == container(
        BUILT_IN, "s3://b/m.tar.gz", "sha256:1"
    )


def test_our_algorithm_gets_the_place_of_its_code_and_the_digest() -> None:
    assert {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "MODEL_DIGEST": "sha256:1",
    } == container(SCRIPT, "s3://b/m.tar.gz", "sha256:1")["Environment"]


def test_unknown_digest_is_left_out() -> None:
    assert "MODEL_DIGEST" not in container(SCRIPT, "s3://b/m.tar.gz", None)["Environment"]
