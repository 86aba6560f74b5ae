"""What happens by the clock: the schedule, Celery's beat, and the clock of a single process."""
