"""Conformance suites for every port, importable by plug-in authors: each part of querist passes them too."""
