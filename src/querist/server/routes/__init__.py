"""The routes of version 1 of the API and the pages; one file a noun, each route with its declared policy."""
