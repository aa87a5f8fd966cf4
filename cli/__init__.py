"""Share code between the command line tools: clients, errors, options, output, list prices."""
