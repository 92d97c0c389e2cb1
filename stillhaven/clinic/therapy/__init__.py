"""Preparation, sessions and integration; process notes behind their own wall."""
