"""Answers as files: CSV, and a folder of masks, of photos with their answers, or of files sorted by label."""
