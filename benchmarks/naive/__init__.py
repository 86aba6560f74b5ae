"""The same chat as the tutorials write it: Daphne, the stock consumer, the ORM once per message,
the Redis channel layer with its defaults. What the product is compared with."""
