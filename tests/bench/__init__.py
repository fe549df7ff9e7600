"""What the speed targets are measured with: each figure is a ratio against a peer in the same run.

``python -m bench`` runs all; ``python -m bench start lab`` runs some. Nothing here is a test.
"""
