//! The 6 resources of VPNKI's API, from its document.
//!
//! ```
//! use wansync_core::service::vpnki_resources::{RESOURCES, find};
//!
//! assert_eq!(RESOURCES.len(), 6);
//! assert!(find("del_tunnel").unwrap().needs_yes().is_some());
//! ```

use super::method::Effect::{Adds, Destroys, Reads};
use super::method::Occurrence::{Default, One};
use super::method::{Method, Parameter, ParameterKind, Shape};

const TUNNEL: Parameter = Parameter {
    name: "tunnel",
    kind: ParameterKind::Text,
    count: One,
    meaning: "name of the tunnel, such as user356",
};
const SINCE: Parameter = Parameter {
    name: "ts",
    kind: ParameterKind::Moment,
    count: Default("0000-00-00 00-00-00"),
    meaning: "start of the interval; everything up to its end if left out",
};
const UNTIL: Parameter = Parameter {
    name: "te",
    kind: ParameterKind::Moment,
    count: Default("NOW"),
    meaning: "end of the interval; now if left out",
};

/// Every resource, in the order of the document.
pub static RESOURCES: [Method; 6] = [
    Method {
        name: "tunnels",
        summary: "list the tunnels of the account",
        parameters: &[],
        effect: Reads,
        shape: Shape::Rows,
        source: "1.1",
    },
    Method {
        name: "active",
        summary: "list the tunnels that are connected now",
        parameters: &[],
        effect: Reads,
        shape: Shape::Rows,
        source: "1.2",
    },
    Method {
        name: "stat_user",
        summary: "list the connections of all tunnels in an interval",
        parameters: &[SINCE, UNTIL],
        effect: Reads,
        shape: Shape::Rows,
        source: "1.3",
    },
    Method {
        name: "stat_tunnel",
        summary: "list the connections of one tunnel in an interval",
        parameters: &[TUNNEL, SINCE, UNTIL],
        effect: Reads,
        shape: Shape::Rows,
        source: "1.4",
    },
    Method {
        name: "add_tunnel",
        summary: "make a tunnel, and get its login and password",
        parameters: &[],
        effect: Adds,
        shape: Shape::Credentials,
        source: "2.1",
    },
    Method {
        name: "del_tunnel",
        summary: "delete a tunnel",
        parameters: &[TUNNEL],
        effect: Destroys("delete the tunnel"),
        shape: Shape::Nothing,
        source: "2.2",
    },
];

/// Any other resource. It goes by a name of its own, which is not known here.
pub static ANY: Method = Method {
    name: "",
    summary: "",
    parameters: &[],
    effect: Destroys("do what only VPNKI knows"),
    shape: Shape::Any,
    source: "",
};

/// The resource of this name.
pub fn find(name: &str) -> Option<&'static Method> {
    RESOURCES.iter().find(|resource| resource.name == name)
}
