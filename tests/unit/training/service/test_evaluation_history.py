"""The history of evaluated models in the training bucket."""

from training.service.evaluation_history import EvaluationHistory, PastEvaluation
from training.statistics.model_change import Decision
from training.steps.context import Context


def past(model: str, labels: int = 100) -> PastEvaluation:
    card = {"model_digest": model, "labels": ["car", "truck"], "temperature": 1.5}
    card |= {"precision_guarantee": {"precision": 0.95, "confidence": 0.95, "images": 100}}
    return PastEvaluation.of(
        card, "2030-01-01T00:00:00+00:00", labels, {"a": Decision("car", True)}
    )


def history(context: Context) -> EvaluationHistory:
    context.aws.s3.create_bucket(Bucket="photos")
    return EvaluationHistory(context.aws.s3, "photos", "scones-unlimited")


def test_evaluation_is_read_as_it_was_written(context: Context) -> None:
    made = history(context)
    made.add([], past("sha256:1"))
    assert [past("sha256:1")] == made.earlier("sha256:2")
    assert 0.95 == made.earlier("sha256:2")[0].guaranteed_precision


def test_first_model_has_no_earlier_evaluation(context: Context) -> None:
    assert [] == history(context).earlier("sha256:1")


def test_missing_bucket_has_no_earlier_evaluation(context: Context) -> None:
    missing = EvaluationHistory(context.aws.s3, "missing", "scones-unlimited")
    assert [] == missing.earlier("sha256:1")


def test_model_is_not_compared_with_itself(context: Context) -> None:
    made = history(context)
    made.add([], past("sha256:1"))
    assert [] == made.earlier("sha256:1")


def test_history_keeps_the_three_newest_models(context: Context) -> None:
    made = history(context)
    for number in range(5):
        model = f"sha256:{number}"
        made.add(made.earlier(model), past(model))
    assert ["sha256:2", "sha256:3", "sha256:4"] == [
        one.model_digest for one in made.earlier("sha256:9")
    ]


def test_repeated_evaluation_replaces_the_earlier_one_of_its_model(context: Context) -> None:
    made = history(context)
    for labels in (100, 140):
        made.add(made.earlier("sha256:1"), past("sha256:1", labels))
    assert [140] == [one.labels for one in made.earlier("sha256:2")]


def test_damaged_history_is_empty(context: Context) -> None:
    made = history(context)
    for body in (b"{", b"[1]", b'[{"model_digest": "sha256:1"}]', b"3"):
        context.aws.s3.put_object(Bucket="photos", Key=made.key, Body=body)
        assert [] == made.earlier("sha256:2")
