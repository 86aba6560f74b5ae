"""Third parties: they see plain values, never rows."""
