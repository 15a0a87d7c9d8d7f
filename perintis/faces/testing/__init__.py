"""A kit for testing one's own pilots; import it as `perintis.testing`."""
