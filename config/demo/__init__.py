"""The demo: a small shop that embeds the widget as a customer would. Only with DEMO=1."""
