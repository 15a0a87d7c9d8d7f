"""What people touch: the command line, reports, and a kit for testing one's own pilots."""
