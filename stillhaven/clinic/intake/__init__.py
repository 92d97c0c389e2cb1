"""What only the patient knows, before anything is decided."""
