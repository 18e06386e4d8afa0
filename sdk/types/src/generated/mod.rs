//! Models, operation table, events and error codes of each API, generated from `openapi/`.
