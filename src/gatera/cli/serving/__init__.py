"""Commands that wait for requests: `gatera serve`."""
