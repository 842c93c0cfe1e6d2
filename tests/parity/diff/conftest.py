"""The scripts are run, and not collected: pytest would import them."""

collect_ignore = ["scripts"]
