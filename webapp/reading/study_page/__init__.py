"""One study: its pictures, what the cascade says of them, and how it came to say so."""
