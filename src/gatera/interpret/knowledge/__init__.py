"""What the parts of a network know: linear probes by depth, scores without parts, how alike parts of objects are represented."""
