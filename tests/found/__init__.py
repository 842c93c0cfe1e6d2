"""What `make sweep` has found, kept: each found_*.py is a script whose exit status is 1 while the engines disagree."""
