"""The law of one column given others of its row."""
