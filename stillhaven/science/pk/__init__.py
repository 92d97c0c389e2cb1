"""Published pharmacokinetic models, solved exactly."""
