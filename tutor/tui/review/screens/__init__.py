"""Each screen with its CSS and keys."""
