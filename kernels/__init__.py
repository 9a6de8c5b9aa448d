"""Arrays in, arrays out: the numerical room. Knows no product, file or scheduler."""
