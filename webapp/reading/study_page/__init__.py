"""The page of one study: its images, the findings of the AI, and the path through the cascade."""
