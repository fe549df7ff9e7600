"""nettutor: learn Linux networking in a real shell, on a real kernel, without root."""

__version__ = "0.1.0"
