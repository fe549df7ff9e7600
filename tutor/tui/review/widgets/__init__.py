"""Each widget with its CSS."""
