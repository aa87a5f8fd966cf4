"""Run a part of CloudWatch Logs Insights QL over JSON logs, and refuse the other parts."""
