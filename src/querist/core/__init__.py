"""The vocabulary of querist: records, signals, ports, seeds, names and errors. Standard library and NumPy only."""
