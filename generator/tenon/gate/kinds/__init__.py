"""What is compared, one contract kind to a folder; they never meet. Each has ``pair(context)``."""
