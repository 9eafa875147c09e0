"""Ways to sign in without the browser: one module for each identity provider."""
