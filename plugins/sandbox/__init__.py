"""Other people's skills, one confined process each: what they may do is what is handed to them."""
