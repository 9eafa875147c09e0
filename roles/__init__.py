"""Who may hold which database roles: decision, desired and actual state, the plan between them."""
