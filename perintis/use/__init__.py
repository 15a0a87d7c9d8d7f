"""What people ask for: rehearsals, comparisons, evaluations. Each joins rules with the store."""
