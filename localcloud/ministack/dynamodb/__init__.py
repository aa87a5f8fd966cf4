"""Patches of MiniStack's DynamoDB."""
