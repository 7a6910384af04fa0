"""ROOM 1: what there is to label: items with stable ids, label schemas, the ledger, splits, sources."""
