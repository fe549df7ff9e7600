"""The screens: the tutorial itself, and what opens over it. They ask the app to act and know no session."""
