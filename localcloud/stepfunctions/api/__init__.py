"""Answer the operations of the Step Functions API."""
