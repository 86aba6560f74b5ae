"""Chatbots. Not implemented yet: this app has only its page in Admin."""
