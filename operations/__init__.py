"""The commands of people who run the service: redrive, reconcile, backlog, execution, leftovers."""
