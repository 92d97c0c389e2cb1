"""Bedside programs: they run next to a monitor, know no Django, and meet the clinic only over the wire."""
