"""Write a trained model as a program file.

Read `program` first: it collects what prediction needs; `onnx` translates the network, `card` writes the model card. Out
goes one `.gatera` file that `gatera.load_program` opens without PyTorch.
"""
