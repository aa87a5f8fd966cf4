"""Set the variables of a script's container."""

from pathlib import Path

import pytest

from localcloud.sagemaker.scikit_learn.variables import container_variables, in_folder
from localcloud.sagemaker.source_archives import ISOLATED


def test_container_has_no_variable_of_the_local_cloud(tmp_path: Path) -> None:
    outside = {"HOME": "/home/user", "AWS_SECRET_ACCESS_KEY": "local", "PYTHONPATH": "/ours"}

    variables = container_variables(Path("/env/bin/python"), tmp_path, {}, outside)

    assert "AWS_SECRET_ACCESS_KEY" not in variables
    assert "/ours" not in variables["PYTHONPATH"]
    assert "/home/user" == variables["HOME"]


def test_container_without_a_network_has_no_package_index(tmp_path: Path) -> None:
    settings = {ISOLATED: "1"}
    variables = container_variables(Path("/env/bin/python"), tmp_path, settings, {})
    assert "1" == variables["PIP_NO_INDEX"]


@pytest.mark.parametrize(
    ("value", "here"),
    [
        ("/opt/ml/model/code", "/job/model/code"),
        ('"/opt/ml/input/data/code/a.tar.gz"', '"/job/input/data/code/a.tar.gz"'),
        ("/opt/mlflow", "/opt/mlflow"),
        ("30", "30"),
    ],
)
def test_paths_of_the_container_are_in_the_folder(value: str, here: str) -> None:
    assert here == in_folder(value, Path("/job"))
