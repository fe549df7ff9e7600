"""The steps, oldest first. Each repeats its tables in full: ``tables`` shows only what they come to."""
