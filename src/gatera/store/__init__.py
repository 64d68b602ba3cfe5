"""What is kept and versioned: files by their content, the labels of data sets, trained programs.

In: files, labels, programs. Out: the same as they were at any version, and what each came from. Nothing here imports PyTorch.

Read first: `objects.py`.
"""
