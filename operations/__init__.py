"""Operate the deployed service: commands, the check before a deployment, and its resources."""
