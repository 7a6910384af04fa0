"""Encoders that others trained: found, checked, and used frozen or fine-tuned. Safetensors only, and no remote code."""
