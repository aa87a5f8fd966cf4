"""CloudWatch Logs Insights QL over JSON logs: a part of the language; all other parts are refused by name."""
