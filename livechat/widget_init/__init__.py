"""What a website asks of us: whether and how the chat button appears on a page (`init`)."""
