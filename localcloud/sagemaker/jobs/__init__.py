"""Training jobs and hyperparameter tuning jobs, which really run."""
