"""AWS's wire protocols, for the services of our own: requests, answers, errors, and botocore's models of them."""
