"""Production rehearsed on one machine: what the documentation says, done and then lived with."""
