"""Run scripts as AWS's scikit-learn container does, with AWS's own toolkits from PyPI.

Source of the container: docker/sklearn/1.9-0 in https://github.com/aws/deep-learning-containers and
https://github.com/aws/sagemaker-scikit-learn-container. The folder `container` stands for the
latter, which is not on PyPI. Its files run in the container's environment, on Python 3.12.
"""
