"""Kinds of files that need more than Pillow and numpy's own reader.

`first_bytes` says which formats of Pillow are ever opened; `heic` opens what phones write; `levels` brings samples of 16 and 32 bits,
and floats, to 8 bits; `tiff` keeps libtiff silent; `encoded` takes files that come as text, in base64.
"""
