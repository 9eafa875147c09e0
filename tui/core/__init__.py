"""SQL without a screen: statements, sessions, results, export."""
