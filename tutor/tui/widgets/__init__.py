"""The parts of the screen, each with its CSS beside it. They are fed values and post messages; none knows a session."""
