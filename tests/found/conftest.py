"""The scripts are run by test_found.py, and not imported."""

collect_ignore_glob = ["found_*.py"]
