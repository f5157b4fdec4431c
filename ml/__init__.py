"""The networks of Readroom: what they see, how they learn, how they are judged and served."""
