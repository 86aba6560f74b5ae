"""What every HTTP request and socket passes before Django or a consumer sees it."""
