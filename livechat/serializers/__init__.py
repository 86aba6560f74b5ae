"""Rows as each audience may see them: visitors, staff, receivers of webhooks."""
