"""Patch MiniStack's CloudFormation, and name its resources."""
