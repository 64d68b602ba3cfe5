"""Download and unpack datasets.

`datasets.untar_data` is the door; `urls` lists what it knows, `http` fetches and resumes, `unpack` extracts archives
without letting them write outside their folder.
"""
