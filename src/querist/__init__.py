"""querist: deep active learning. Give it an unlabelled pool and a budget, and it asks for the labels that help most."""
