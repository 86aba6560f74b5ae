"""The Admin as a whole: its menu, and translations of its library's texts."""
