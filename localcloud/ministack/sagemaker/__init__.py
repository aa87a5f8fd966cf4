"""Join the local SageMaker with MiniStack: roles, objects, alarms and metrics."""
