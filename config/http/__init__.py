"""The ASGI middleware before Django. `config.asgi.HTTP_STACK` lists it, outermost first."""
