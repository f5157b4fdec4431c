"""The viewer: its page, the data of a study that the page fetches, hanging protocols, and its scripts (`frontend/`)."""
