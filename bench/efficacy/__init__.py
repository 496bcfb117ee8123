"""Measures what the injection guard catches and what it stops by mistake. No test and no measurement of time."""
