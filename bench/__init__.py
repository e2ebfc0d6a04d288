"""Measurements, side by side with peers in one run. They print times and fail nothing; tests assert verdicts."""
