"""Run the user's script with the training toolkit."""

from sagemaker_training import entry_point, environment, runner


def main() -> None:
    """Unpack the source archive and run the script with its hyperparameters as arguments."""
    job = environment.Environment()
    entry_point.run(
        uri=job.module_dir,
        user_entry_point=job.user_entry_point,
        args=job.to_cmd_args(),
        env_vars=job.to_env_vars(),
        runner_type=runner.ProcessRunnerType,
    )
