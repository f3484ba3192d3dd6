//! One HTTPS GET within a deadline, bound to a device where asked.
