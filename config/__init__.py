"""The project: settings, server, start-up. It may import every app; no app may import it."""
