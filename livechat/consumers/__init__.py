"""WebSocket entry points: turn a frame into one service call, and its result into frames."""
