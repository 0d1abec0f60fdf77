//! One report, several renderers.
