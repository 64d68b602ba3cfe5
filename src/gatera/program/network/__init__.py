"""The check of a program's model before an engine sees it: which operators it has, and how large its tensors become.

`wire` reads protobuf, `reader` an ONNX model; `operators` says which operators are allowed and what sizes they give, from the
rules in `elementwise`, `shapes`, `windows` and `products`; `sizes` adds it all up; `bounded` checks each input before it is
computed.
"""
