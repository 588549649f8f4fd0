"""Why EM works, with live numbers (`why`), and marks for numbers that somebody worked out by hand (`check`)."""
