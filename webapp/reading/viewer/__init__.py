"""The viewer: what its page is told of a study, how pictures are hung, and the page's own scripts (`frontend/`)."""
