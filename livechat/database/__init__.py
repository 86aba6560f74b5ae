"""What we ask of the database beyond Django's models: its time, locks, tables of values."""
