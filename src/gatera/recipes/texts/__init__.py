"""The recipe for texts (`recipe`): files in a folder, or rows of a table (`rows`)."""
