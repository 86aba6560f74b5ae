"""Reports. Not implemented yet: this app has only its page in Admin.

It may import all apps except `config`; of these apps none may import it.
"""
