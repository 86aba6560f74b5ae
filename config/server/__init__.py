"""The server process: uvicorn's protocols held to our limits, workers, start-up and shutdown."""
