"""Designs: how cases came to be in the pilot or in the baseline, and what may be concluded from that. Pure."""
