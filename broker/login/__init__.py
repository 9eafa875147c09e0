"""Sign-in: from a browser's request to a principal."""
