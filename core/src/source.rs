//! What the sources of an address say: netifd's networks, and texts of pages and
//! programs; and which sections say the same.

pub mod claims;
pub mod network;
pub mod text;
