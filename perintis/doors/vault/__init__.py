"""The vault: what is personal, encrypted case by case, and what follows from it (pseudonyms, erasure, proof)."""
