"""What will be mounted over an image, and what of the image lies beneath."""
