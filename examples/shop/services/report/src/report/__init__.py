"""Sums up what was sold."""
