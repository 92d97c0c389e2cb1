"""Devices, what they are attached to, and every reading they sent."""
