"""Charts as SVG inside the page: for wide pages and paper, and again for telephones; told apart without colour."""
