"""What every control plane needs: the wire protocol, botocore's model of a service, records, pages, tags, IAM."""
