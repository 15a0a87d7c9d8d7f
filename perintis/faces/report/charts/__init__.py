"""Charts as SVG inside the page: drawn once for wide pages and paper, once for telephones; told apart without colour."""
