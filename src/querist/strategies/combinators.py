"""Choose, switch or share between strategies: the survey's criteria selection."""
