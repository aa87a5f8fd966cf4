"""Train, deploy and measure the model of the service, from labelled images to a model card."""
