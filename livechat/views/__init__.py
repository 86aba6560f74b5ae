"""HTTP entry points for pages and files; the Admin and `init` have their own modules."""
