"""One dosing visit: check-in, start rules, dosing, holds, events, stop."""
