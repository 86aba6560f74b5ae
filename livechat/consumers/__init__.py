"""WebSocket doors: turn a frame into one service call and its outcome into frames."""
