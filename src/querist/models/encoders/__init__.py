"""Encoders that need nothing downloaded: what a model sees of texts, images and tables before a better one is there."""
