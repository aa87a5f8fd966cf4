"""The step as a whole: one tuning job for one request, whose best model becomes the run's."""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.unit.conforming import operations, require_conforming_answer
from tests.unit.training.fake_clients import with_fakes
from tests.unit.training.fake_jobs import FakeJobs
from tests.unit.training.fake_training_stack import FakeTrainingStack
from training.jobs.plan import Plan
from training.jobs.tuning_jobs import tuning_job_request
from training.jobs.tuning_search import Search
from training.steps import train
from training.steps.context import Context
from training.steps.tune import TuningFailedError, TuningStoppedError, tune

SEARCH = Search("Random", 0, 2, 2, True, {"learning_rate": {"min": 0.001, "max": 0.1}})
BEST = "tuned-002"


@dataclass
class FakeTuningJobs:
    """Tuning jobs that end with a given status after some requests."""

    status: str = "Completed"
    looks_under_way: int = 0
    interrupted: bool = False
    best: dict[str, Any] | None = field(default_factory=lambda: {"TrainingJobName": BEST})
    requests: list[Mapping[str, Any]] = field(default_factory=list)

    def create(self, request: Mapping[str, Any]) -> None:
        self.requests.append(request)

    def describe(self, name: str) -> Mapping[str, Any] | None:
        if self.interrupted:
            raise KeyboardInterrupt
        found = [one for one in self.requests if one["HyperParameterTuningJobName"] == name]
        if not found:
            return None
        [request] = found
        described = {member: value for member, value in request.items() if member != "Tags"}
        described |= {"TrainingJobStatusCounters": {"Completed": 1, "Stopped": 1}}
        if self.looks_under_way:
            self.looks_under_way -= 1
            return {**described, "HyperParameterTuningJobStatus": "InProgress"}
        described |= {"HyperParameterTuningJobStatus": self.status}
        described |= {"BestTrainingJob": self.best} if self.best else {}
        require_conforming_answer(
            described, operations("sagemaker")["describe_hyper_parameter_tuning_job"]
        )
        return described

    def candidates(self, name: str) -> list[dict[str, Any]]:
        tried = [("Stopped", "0.02", 0.95), ("Completed", "0.01", 0.93), ("Failed", "0.09", None)]
        return [
            {
                "training_job": f"tuned-{number:03}",
                "status": status,
                "hyperparameters": {"learning_rate": rate},
                "objective": value,
            }
            for number, (status, rate, value) in enumerate(tried)
        ]


@pytest.fixture
def jobs(plan: Plan) -> FakeJobs:
    """The training jobs, of which one is the best."""
    chosen = {
        **plan.hyperparameters,
        "learning_rate": "0.02",
        "_tuning_objective_metric": "validation:accuracy",
    }
    specification = {"TrainingImage": "image", "TrainingInputMode": "File"}
    best = {
        "TrainingJobName": BEST,
        "TrainingJobStatus": "Completed",
        "HyperParameters": chosen,
        "AlgorithmSpecification": specification,
        "ModelArtifacts": {"S3ModelArtifacts": "s3://photos/models/best/output/model.tar.gz"},
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge"},
        "RoleArn": plan.role,
    }
    return FakeJobs(described={BEST: best})


@pytest.fixture(autouse=True)
def no_log(context: Context) -> Iterator[None]:
    with Stubber(context.aws.logs) as stubber:
        for _ in range(9):
            stubber.add_client_error("describe_log_streams", "ResourceNotFoundException")
        yield


def test_the_best_model_becomes_that_of_the_run(
    context: Context, plan: Plan, jobs: FakeJobs
) -> None:
    tune(context, plan, SEARCH, jobs, FakeTuningJobs())
    trained = context.run.result("train")
    url = "s3://photos/models/best/output/model.tar.gz"
    expected = {**plan.hyperparameters, "learning_rate": "0.02"}
    assert BEST == trained["training_job"]
    assert url == trained["model_data"]
    assert expected == trained["hyperparameters"]


def test_role_is_allowed_the_keys_before_a_tuning_job_is_created_and_not_again(
    context: Context, plan: Plan, jobs: FakeJobs
) -> None:
    tuning = FakeTuningJobs()
    stack = FakeTrainingStack(plan.role, lambda: len(tuning.requests))
    for _ in range(2):
        account = with_fakes(context, cloudformation=stack)
        tune(
            account,
            replace(plan, kms_key="arn:data", volume_kms_key="arn:disks"),
            SEARCH,
            jobs,
            tuning,
        )
    assert [{"DataKeyArns": "arn:data", "VolumeKeyArns": "arn:disks"}] == stack.updates
    assert [0] == stack.progress


def test_train_finds_the_best_model_done(context: Context, plan: Plan, jobs: FakeJobs) -> None:
    tune(context, plan, SEARCH, jobs, FakeTuningJobs())
    best = plan.__class__(
        **{**vars(plan), "hyperparameters": {**plan.hyperparameters, "learning_rate": "0.02"}}
    )
    train.train(context, best, jobs)
    assert [] == jobs.requests


def test_a_tuning_job_that_is_done_is_not_created_again(
    context: Context, plan: Plan, jobs: FakeJobs
) -> None:
    tuning_jobs = FakeTuningJobs()
    first, second = (tune(context, plan, SEARCH, jobs, tuning_jobs) for _ in range(2))
    assert first == second
    assert 1 == len(tuning_jobs.requests)


@pytest.mark.parametrize("again", [False, True])
def test_interrupted_tuning_job_is_resumed(
    context: Context, plan: Plan, jobs: FakeJobs, shown: io.StringIO, again: bool
) -> None:
    tuning_jobs = FakeTuningJobs(interrupted=True)
    with pytest.raises(KeyboardInterrupt):
        tune(context, plan, SEARCH, jobs, tuning_jobs)
    tuning_jobs.interrupted, tuning_jobs.looks_under_way = False, 1
    tune(context, plan, SEARCH, jobs, tuning_jobs, again)
    assert 1 == len(tuning_jobs.requests)
    assert "aws sagemaker stop-hyper-parameter-tuning-job" in shown.getvalue()


@pytest.mark.parametrize(
    ("tuning_jobs", "error"),
    [
        (FakeTuningJobs("Stopped"), TuningStoppedError),
        (FakeTuningJobs("Failed", best=None), TuningFailedError),
        (FakeTuningJobs("Completed", best=None), TuningFailedError),
    ],
)
def test_a_tuning_job_without_a_model_is_an_error_and_leaves_the_model_of_the_run(
    context: Context,
    plan: Plan,
    jobs: FakeJobs,
    tuning_jobs: FakeTuningJobs,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        tune(context, plan, SEARCH, jobs, tuning_jobs)
    assert context.run.find("train") is None


def test_candidates_that_stopped_early_are_marked(
    context: Context, plan: Plan, jobs: FakeJobs, shown: io.StringIO
) -> None:
    tune(context, plan, SEARCH, jobs, FakeTuningJobs())
    [line] = [line for line in shown.getvalue().splitlines() if "stopped early" in line]
    assert ["0.9500", "0.02", "stopped", "early"] == line.split()


def test_the_request_is_one_that_botocore_would_send(
    plan: Plan, valid_request: Callable[[str, str, dict[str, Any]], None]
) -> None:
    chosen = {**plan.hyperparameters, "learning_rate": "0.5"}
    tags = [{"Key": "project", "Value": "cars"}]
    request = tuning_job_request(
        plan.__class__(**{**vars(plan), "hyperparameters": chosen}), SEARCH, "one", "i", tags
    )
    valid_request("sagemaker", "CreateHyperParameterTuningJob", request)
    assert plan.hyperparameters == request["TrainingJobDefinition"]["StaticHyperParameters"]
