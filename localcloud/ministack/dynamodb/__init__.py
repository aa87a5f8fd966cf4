"""Patch MiniStack's DynamoDB."""
