"""How an image was made: which history entry made which layer, by which builder, with which instruction."""
