"""Who can do what: one module an agency, one function a step."""
