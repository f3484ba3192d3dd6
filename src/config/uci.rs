//! The UCI format, read as strictly as libuci reads it.
