"""What a report page says beside the figures, each a `Section` or None: copies, labels that look wrong, slices, how sure it is.

They need a program and its `Measurement`, not PyTorch: `gatera test --report`, `gatera report` and `gatera train --report` share them.
"""
