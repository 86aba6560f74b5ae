"""Periodic jobs: the schedule, Celery's beat, and the clock that runs jobs inside a server."""
