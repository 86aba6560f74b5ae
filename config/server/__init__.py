"""The server process: uvicorn's protocols with limits, workers, start-up and shutdown."""
