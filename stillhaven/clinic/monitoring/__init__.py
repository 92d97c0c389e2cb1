"""Readings in, alarms judged, the live screen and its stream, the watch that notices silence."""
