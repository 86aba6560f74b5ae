"""Admin as a whole: its menu, and the texts of its library to translate."""
