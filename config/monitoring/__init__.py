"""What operators of a server watch: health, metrics, logs."""
