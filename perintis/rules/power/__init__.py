"""What a plan can show before any data: the smallest detectable effect, and how often the rule would say what. Pure."""
