"""Third parties: calls and libraries that receive plain values, never rows."""
