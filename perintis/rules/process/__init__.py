"""How the process went in either cohort: orders of steps, what follows what, and where cases left the design. Pure."""
