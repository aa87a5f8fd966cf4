"""Run scripts in the place of AWS's scikit-learn container, with AWS's own toolkits."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud
from localcloud.tests.contract import scripts, trained

BUCKET = "scikit-learn-scripts"
SOURCE = f"s3://{BUCKET}/iris-source/sourcedir.tar.gz"
# The script of "Train a Scikit-learn Model" in the documentation of the SageMaker SDK
# (https://sagemaker.readthedocs.io/en/v2/frameworks/sklearn/using_sklearn.html), which reads the
# iris data as CSV with the class in the first column.
TRAIN = """
import argparse
import os

import joblib
import pandas as pd
from sklearn import tree

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-leaf-nodes", type=int, default=-1)
    parser.add_argument("--output-data-dir", type=str, default=os.environ["SM_OUTPUT_DATA_DIR"])
    parser.add_argument("--model-dir", type=str, default=os.environ["SM_MODEL_DIR"])
    parser.add_argument("--train", type=str, default=os.environ["SM_CHANNEL_TRAIN"])
    args = parser.parse_args()

    files = [os.path.join(args.train, file) for file in os.listdir(args.train)]
    train_data = pd.concat([pd.read_csv(file, header=None) for file in files])
    train_y, train_X = train_data.iloc[:, 0], train_data.iloc[:, 1:]
    clf = tree.DecisionTreeClassifier(max_leaf_nodes=args.max_leaf_nodes)
    clf = clf.fit(train_X.values, train_y.values)
    print(f"accuracy={clf.score(train_X.values, train_y.values)}")
    joblib.dump(clf, os.path.join(args.model_dir, "model.joblib"))


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))
"""
IRIS = "0,5.1,3.5,1.4,0.2\n1,7.0,3.2,4.7,1.4\n2,6.3,3.3,6.0,2.5\n"
# pip builds the user's module with the container's own setuptools, not with one from the network.
OFFLINE = {"PIP_NO_BUILD_ISOLATION": "false"}
SETTINGS = {"SAGEMAKER_PROGRAM": "train.py", "SAGEMAKER_SUBMIT_DIRECTORY": SOURCE, **OFFLINE}


@pytest.fixture(scope="module", autouse=True)
def bucket(cloud: Cloud) -> None:
    scripts.require_container_python()
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    trained.put_role(cloud, BUCKET)
    s3.put_object(Bucket=BUCKET, Key="iris/iris.csv", Body=IRIS)
    s3.put_object(
        Bucket=BUCKET,
        Key="iris-source/sourcedir.tar.gz",
        Body=scripts.source_archive({"train.py": TRAIN}),
    )


@pytest.fixture(scope="module")
def job(cloud: Cloud) -> dict[str, Any]:
    """The job of AWS's script."""
    cloud.client("sagemaker").create_training_job(
        **scripts.request(BUCKET, "iris", SOURCE, **{"max-leaf-nodes": 3})
    )
    return scripts.ended(cloud, "iris")


def run(cloud: Cloud, name: str, script: str, **changes: Any) -> dict[str, Any]:
    """Run a script to its end."""
    key = f"{name}-source/sourcedir.tar.gz"
    archive = scripts.source_archive({"train.py": script})
    cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=archive)
    request = scripts.request(BUCKET, name, f"s3://{BUCKET}/{key}", depth=2, words="a b")
    cloud.client("sagemaker").create_training_job(**{**request, **changes})
    return scripts.ended(cloud, name)


@pytest.mark.long  # it imports scikit-learn and pandas in the container
def test_script_of_the_documentation_trains(job: dict[str, Any]) -> None:
    assert "Completed" == job["TrainingJobStatus"], job.get("FailureReason")
    assert [1.0] == [metric["Value"] for metric in job["FinalMetricDataList"]]


@pytest.mark.long  # it imports scikit-learn and pandas in the container
def test_model_of_the_documentation_answers(cloud: Cloud, job: dict[str, Any]) -> None:
    url = job["ModelArtifacts"]["S3ModelArtifacts"]
    endpoint = scripts.serve(cloud, "iris", url, **SETTINGS)
    assert "InService" == endpoint["EndpointStatus"], endpoint.get("FailureReason")

    runtime = cloud.client("sagemaker-runtime")
    rows = [[7.0, 3.2, 4.7, 1.4], [5.1, 3.5, 1.4, 0.2]]
    answer = runtime.invoke_endpoint(
        EndpointName="iris", ContentType="application/json", Body=json.dumps(rows)
    )
    assert [1, 0] == json.load(answer["Body"])

    with pytest.raises(ClientError) as caught:
        runtime.invoke_endpoint(EndpointName="iris", ContentType="text/xml", Body=b"<a/>")
    # The container wraps errors of its own functions: a content type it cannot read is a 500.
    assert 500 == dict(caught.value.response)["OriginalStatusCode"]


def test_script_gets_the_variables_and_the_layout_of_the_container(cloud: Cloud) -> None:
    script = """
import json, os, pathlib, sys
root = pathlib.Path(os.environ["SM_MODEL_DIR"]).parent
facts = {
    "arguments": sys.argv[1:],
    "hyperparameters": json.loads(os.environ["SM_HPS"]),
    "channels": json.loads(os.environ["SM_CHANNELS"]),
    "host": os.environ["SM_CURRENT_HOST"],
    "own": os.environ["SETTING"],
    "job": os.environ["TRAINING_JOB_NAME"],
    "source": os.getcwd() == str(root / "code"),
    "config": sorted(path.name for path in (root / "input/config").iterdir()),
    "secrets": [name for name in os.environ if name.startswith("AWS_SECRET")],
}
pathlib.Path(os.environ["SM_MODEL_DIR"], "facts.json").write_text(json.dumps(facts))
print("accuracy=0.5")
print(json.dumps(facts))
"""
    job = run(cloud, "facts", script, Environment={"SETTING": "x"})

    assert "Completed" == job["TrainingJobStatus"], job.get("FailureReason")
    logs = cloud.client("logs")
    events = logs.filter_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix="facts/"
    )["events"]
    line = next(one["message"] for one in events if one["message"].startswith('{"arguments"'))
    assert {
        "arguments": ["--depth", "2", "--words", "a b"],
        "hyperparameters": {"depth": 2, "words": "a b"},
        "channels": ["train"],
        "host": "algo-1",
        "own": "x",
        "job": "facts",
        "source": True,
        "config": ["hyperparameters.json", "inputdataconfig.json", "resourceconfig.json"],
        "secrets": [],
    } == json.loads(line)


@pytest.mark.long  # it imports scikit-learn and pandas in the container
def test_environment_has_only_the_packages_of_the_container(cloud: Cloud) -> None:
    script = "import sklearn, numpy; assert sklearn.__version__ == '1.9.0'; import onnxruntime"

    job = run(cloud, "too-much", script)

    assert "Failed" == job["TrainingJobStatus"]
    assert job["FailureReason"].startswith("AlgorithmError: ExecuteUserScriptError")


def test_failure_file_of_a_script_is_the_reason(cloud: Cloud) -> None:
    script = """
import os, pathlib, sys
pathlib.Path(os.environ["SM_OUTPUT_DIR"], "failure").write_text("EmptyError: no rows")
sys.exit(3)
"""
    job = run(cloud, "empty", script)

    assert "AlgorithmError: EmptyError: no rows, exit code: 1" == job["FailureReason"]


@pytest.mark.long  # it imports scikit-learn and pandas in the container
def test_isolated_job_takes_its_source_from_a_channel(cloud: Cloud) -> None:
    sent = scripts.request(
        BUCKET, "isolated", "/opt/ml/input/data/code/sourcedir.tar.gz", **{"max-leaf-nodes": 3}
    )
    sent["InputDataConfig"].append(scripts.channel("code", f"s3://{BUCKET}/iris-source/"))
    cloud.client("sagemaker").create_training_job(**sent, EnableNetworkIsolation=True)

    job = scripts.ended(cloud, "isolated")

    assert "Completed" == job["TrainingJobStatus"], job.get("FailureReason")


def test_isolated_job_cannot_download_its_source(cloud: Cloud) -> None:
    job = run(cloud, "unreachable", TRAIN, EnableNetworkIsolation=True)

    assert "because EnableNetworkIsolation is true" in job["FailureReason"]


def test_role_must_read_the_source(cloud: Cloud) -> None:
    sent = scripts.request(BUCKET, "foreign", "s3://another-bucket/sourcedir.tar.gz")
    cloud.client("sagemaker").create_training_job(**sent)

    job = scripts.ended(cloud, "foreign")

    assert "not authorized to perform: s3:GetObject" in job["FailureReason"]


@pytest.mark.long  # it imports scikit-learn and pandas in the container
def test_model_that_cannot_be_loaded_fails_with_the_error_of_its_script(
    cloud: Cloud, job: dict[str, Any]
) -> None:
    key = "broken-source/sourcedir.tar.gz"
    script = 'def model_fn(model_dir): raise ValueError("the weights are damaged")'
    archive = scripts.source_archive({"inference.py": script})
    cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=archive)

    endpoint = scripts.serve(
        cloud,
        "broken",
        job["ModelArtifacts"]["S3ModelArtifacts"],
        SAGEMAKER_PROGRAM="inference.py",
        SAGEMAKER_SUBMIT_DIRECTORY=f"s3://{BUCKET}/{key}",
        **OFFLINE,
    )

    assert "Failed" == endpoint["EndpointStatus"]
    assert "the weights are damaged" in endpoint["FailureReason"]
