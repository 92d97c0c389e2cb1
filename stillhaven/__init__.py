"""Stillhaven: the open-source system that a ketamine-therapy clinic runs on.

Four floors, each resting only on those below it: `cli` and `clinic` (people and record), `devices` and `service`
(the bedside and the running of it), `reference` (the numbers, each with its source), `science` (the rules, pure).
"""

__version__ = "0.1.0"
