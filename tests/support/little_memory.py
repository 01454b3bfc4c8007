"""A device with little memory, for tests on a machine that has enough."""

import torch


def scarce(model_method, sentences_that_fit):
    """The same method of a model on a device with room for only so many sentences."""

    def with_little_memory(self, *args, **kwargs):
        tensors = [a for a in args if isinstance(a, torch.Tensor)]
        batch = tensors[0] if tensors else args[0].ids
        if len(batch) > sentences_that_fit:
            raise torch.OutOfMemoryError("out of memory")
        return model_method(self, *args, **kwargs)

    return with_little_memory
