//! The login and password of a new tunnel.

use alloc::borrow::Cow;
use core::fmt;

use crate::json::Json;
use crate::service::rows::Fields;

const LOGINS: [&str; 4] = ["login", "username", "user", "tunnel"];
const PASSWORDS: [&str; 3] = ["password", "passwd", "pass"];
const ADDRESSES: [&str; 4] = ["vpnki_address", "internal_ip", "ip", "address"];

/// The payload of `add_tunnel`, as a published client read it:
/// `{"login", "password", "vpnki_address", "comment"}`. `Debug` shows no value.
///
/// ```
/// use wansync_core::json::Json;
/// use wansync_core::service::vpnki::Credentials;
///
/// let json = Json::parse(br#"{"login": "user657", "password": "x7", "vpnki_address": "172.16.9.1"}"#).unwrap();
/// let new = Credentials::in_data(json).unwrap();
/// assert_eq!((&*new.login, &*new.password), ("user657", "x7"));
/// assert!(!format!("{new:?}").contains("x7"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// The name of the tunnel.
    pub login: Cow<'a, str>,
    /// Its password.
    pub password: Cow<'a, str>,
    /// Its address in VPNKI's network.
    pub vpnki_address: Option<Cow<'a, str>>,
    /// The comment beside it.
    pub comment: Option<Cow<'a, str>>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> Credentials<'a> {
    /// From the payload: an object, one in a list, or one under its login.
    /// `None` without a login and a password.
    pub fn in_data(data: Json<'a>) -> Option<Credentials<'a>> {
        let mut rest = Fields::of(data);
        let mut parts = (rest.take_first(&LOGINS), rest.take_first(&PASSWORDS));
        if let ((None, None), Some((Some(name), inner))) = (&parts, data.entries().next()) {
            rest = Fields::of(inner);
            let login = rest.take_first(&LOGINS).unwrap_or(name);
            parts = (Some(login), rest.take_first(&PASSWORDS));
        }
        Some(Credentials {
            login: parts.0?,
            password: parts.1?,
            vpnki_address: rest.take_first(&ADDRESSES),
            comment: rest.take("comment"),
            rest,
        })
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}
