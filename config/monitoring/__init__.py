"""What those who run the chat look at: health, metrics, the log."""
