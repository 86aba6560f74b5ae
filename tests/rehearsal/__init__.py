"""Production rehearsed on one machine: set up as the documentation says, then used."""
