"""What joins the local Step Functions with MiniStack, which has an interpreter of its own.

MiniStack's interpreter knows JSONPath first; it validates almost nothing, and its tasks need no
rights. None of it is used: EventBridge, Pipes and CloudFormation find ours in its place.
"""
