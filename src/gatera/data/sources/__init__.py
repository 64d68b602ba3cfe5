"""List items and read their labels: files, file names, tables.

Read `items` first (`get_image_files` and its kin, always sorted), then `labels` (`parent_label`, `RegexLabeller`,
`ColReader`). `tables` reads tables. Nothing here opens a photo.
"""
