"""Write a trained learner as a program file.

`program` collects what prediction needs and traces the network to ONNX; `card` writes what was measured, for people.
Out: one `.gatera` file that `gatera.load_program` opens without PyTorch.
"""
