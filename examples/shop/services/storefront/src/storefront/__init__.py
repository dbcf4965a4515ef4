"""The shop's public HTTP interface."""
