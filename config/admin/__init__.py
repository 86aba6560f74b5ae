"""What the whole Admin has in common: its menu, and translations of its library's texts."""
