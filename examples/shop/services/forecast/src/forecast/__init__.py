"""Guesses what next week will sell."""
