"""The AWS account that the command line tools work in: clients, errors in words, terminal output, list prices."""
