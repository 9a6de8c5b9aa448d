"""Clients of the outside: where input comes from."""
