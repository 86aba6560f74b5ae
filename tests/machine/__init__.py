"""The machine under the tests: its programs, throw-away servers, and what a run must hold.

Knows nothing of Django, so that it can be imported before settings are.
"""
