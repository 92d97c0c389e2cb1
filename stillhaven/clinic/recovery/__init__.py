"""From the end of the drug to the door: scores, criteria, escort, the signed record."""
