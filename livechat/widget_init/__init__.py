"""``init``: tells a website whether and how the chat button appears on a page."""
