"""How people who were not here before come in: what opens the sign-up, and what My access offers."""
