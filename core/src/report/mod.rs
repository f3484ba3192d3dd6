//! What a report shows that its owner sends to others, and what it hides.
//!
//! | module | subject |
//! | --- | --- |
//! | [`hider`] | keys, logins and, if it is to be anonymous, addresses and names, in any text |
//! | [`configuration`] | the configuration, option by option |
//! | [`networks`] | netifd's networks, a line each |
//! | [`replies`] | replies of the services that were not understood |

pub mod configuration;
pub mod hider;
pub mod networks;
pub mod replies;
