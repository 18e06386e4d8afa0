//! Tests of the file: what is refused, and that nothing of it is readable.
