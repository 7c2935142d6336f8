//! What administrators do: each operation checks its right and its input, and answers with effects.
