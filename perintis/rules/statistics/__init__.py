"""The statistics of a comparison: effects with their influence values, and what is known of their error. Pure."""
