"""Run training jobs and hyperparameter tuning jobs."""
