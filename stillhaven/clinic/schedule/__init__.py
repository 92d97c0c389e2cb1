"""Chairs and rooms."""
