"""The laboratory: data, training, evaluation, export, reports. Nothing that serves imports it."""
