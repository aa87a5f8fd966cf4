"""Lambda function filter_inferences: accept a prediction, or leave it for review."""

from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from observability.failure_log import function_logger, log_failure
from observability.xray_provider import lambda_tracer

from functions.filter_inferences.decision import Decision, decide

logger = function_logger()
tracer = lambda_tracer()
metrics = Metrics()


def filtered(decision: Decision) -> dict[str, Any]:
    """Build the answer: the prediction and whether its confidence is enough."""
    return {
        "status": "PASS" if decision.passed else "REJECT",
        "classification": decision.classification,
        "confidence_score": decision.confidence,
        "passed_threshold": decision.passed,
    }


@logger.inject_lambda_context(correlation_id_path="execution", clear_state=True, log_event=False)
@log_failure(logger)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer the event that `decide` describes.

    The name of an error's class is the error's name in the workflow definition.
    """
    metrics.add_metric(name="FilterRequests", unit=MetricUnit.Count, value=1)
    decision = decide(event)
    metrics.add_metric(
        name="Retries", unit=MetricUnit.Count, value=int(event.get("retry_count", 0) > 0)
    )
    metrics.add_dimensions(classification=decision.classification)
    metrics.add_metric(name="Confidence", unit=MetricUnit.NoUnit, value=decision.confidence)
    answer = filtered(decision)
    logger.info("Inference filtered", **answer)
    return answer
