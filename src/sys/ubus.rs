//! A client of ubusd.
