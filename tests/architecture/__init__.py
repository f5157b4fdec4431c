"""The walls between the rooms, and what the images carry."""
