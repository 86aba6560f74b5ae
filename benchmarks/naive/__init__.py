"""The design that the product is compared with: the chat as tutorials write it.

Daphne, the stock consumer, one ORM call per message, and the Redis channel layer of Channels.
"""
