"""HTTP doors that are pages and files; those of the Admin and of `init` stand apart."""
