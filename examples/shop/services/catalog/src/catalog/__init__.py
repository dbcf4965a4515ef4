"""Answers questions about products over gRPC."""
