"""Pre-training without labels: a task a file, one loop, and an encoder that freezes or gives first weights."""
