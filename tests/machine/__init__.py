"""Runs tests on a real machine: external programs, throw-away servers, rules for every run.

Does not import Django, so it can be imported before settings are read.
"""
