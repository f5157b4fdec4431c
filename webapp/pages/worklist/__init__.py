"""The worklist: studies, the most urgent first, filling by itself."""
