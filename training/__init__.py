"""The training tool: from labelled images to the SageMaker endpoint and the model card that the service uses."""
