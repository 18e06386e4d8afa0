//! Home of the tests that cross crates; all of them live in `it/`, in one binary that links once.
