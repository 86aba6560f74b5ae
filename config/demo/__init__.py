"""The demo: a small shop that embeds the widget like a customer's website. Only with DEMO=1."""
