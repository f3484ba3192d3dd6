//! The 29 methods of SkyDNS's provider API, from its document.
//!
//! ```
//! use wansync_core::service::skydns_methods::{METHODS, find};
//!
//! assert_eq!(METHODS.len(), 29);
//! assert_eq!(find("update_ip").unwrap().parameters[0].name, "ident");
//! ```

use super::method::Effect::{Adds, Changes, Destroys, Reads};
use super::method::Occurrence::{Many, One, Optional};
use super::method::{Method, Occurrence, Parameter, ParameterKind, Shape};

const fn parameter(
    name: &'static str,
    kind: ParameterKind,
    count: Occurrence,
    meaning: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind,
        count,
        meaning,
    }
}

const IDENT: Parameter = parameter("ident", ParameterKind::Text, One, "login of the user");
const PROFILE: Parameter = parameter(
    "profile",
    ParameterKind::Number,
    Optional,
    "id of the profile; the default one if left out",
);
const PROFILE_ID: Parameter = parameter(
    "profile_id",
    ParameterKind::Number,
    Optional,
    "id of a profile: only this one",
);
const START: Parameter = parameter("start", ParameterKind::Date, One, "first day of the report");
const END: Parameter = parameter(
    "end",
    ParameterKind::Date,
    One,
    "last day of the report; only its last 30 days are reported",
);
const EMAIL: &str = "e-mail address, for messages and for a forgotten password";
const TLS: Parameter = parameter("tls", ParameterKind::Flag, Optional, "whether TLS is used");

/// Every method, in the order of the document's list.
pub static METHODS: [Method; 29] = [
    Method {
        name: "subscribe",
        summary: "register a user, on the provider's default tariff",
        parameters: &[
            parameter(
                "password",
                ParameterKind::Password,
                One,
                "password of the new user",
            ),
            parameter(
                "login",
                ParameterKind::Text,
                Optional,
                "login; by default one with the provider's prefix",
            ),
            parameter("plan", ParameterKind::Plan, Optional, "tariff"),
            parameter("email", ParameterKind::Email, Optional, EMAIL),
            parameter(
                "customer",
                ParameterKind::Text,
                Optional,
                "name of the contract",
            ),
        ],
        effect: Adds,
        shape: Shape::Record(&["username", "email", "plan"]),
        source: "subscribe",
    },
    Method {
        name: "subscribe_plans",
        summary: "list the tariffs that users can be given",
        parameters: &[],
        effect: Reads,
        shape: Shape::Map {
            key: "plan",
            value: "name",
        },
        source: "subscribe_plans",
    },
    Method {
        name: "activate",
        summary: "activate a user",
        parameters: &[IDENT],
        effect: Changes,
        shape: Shape::Nothing,
        source: "activate",
    },
    Method {
        name: "deactivate",
        summary: "deactivate a user",
        parameters: &[IDENT],
        effect: Destroys("block the user"),
        shape: Shape::Nothing,
        source: "deactivate",
    },
    Method {
        name: "update_email",
        summary: "change a user's e-mail address",
        parameters: &[IDENT, parameter("email", ParameterKind::Email, One, EMAIL)],
        effect: Changes,
        shape: Shape::Nothing,
        source: "update_email",
    },
    Method {
        name: "update_password",
        summary: "change a user's password",
        parameters: &[
            IDENT,
            parameter("password", ParameterKind::Password, One, "new password"),
        ],
        effect: Changes,
        shape: Shape::Nothing,
        source: "update_password",
    },
    Method {
        name: "prolongate",
        summary: "switch a user to a paid tariff, as is needed after subscribe",
        parameters: &[
            IDENT,
            parameter(
                "plan",
                ParameterKind::Plan,
                Optional,
                "tariff; PREMIUM if left out",
            ),
        ],
        effect: Adds,
        shape: Shape::Nothing,
        source: "prolongate",
    },
    Method {
        name: "unsubscribe",
        summary: "switch a user to the free tariff",
        parameters: &[IDENT],
        effect: Destroys("end the user's subscription"),
        shape: Shape::Nothing,
        source: "unsubscribe",
    },
    Method {
        name: "subscription_info",
        summary: "show when a user's subscription ends (SkyDNS reserves it for later use)",
        parameters: &[IDENT],
        effect: Reads,
        shape: Shape::DateEnd,
        source: "subscription_info",
    },
    Method {
        name: "profiles",
        summary: "list a user's active profiles",
        parameters: &[IDENT],
        effect: Reads,
        shape: Shape::Map {
            key: "id",
            value: "profile",
        },
        source: "profiles",
    },
    Method {
        name: "create_profile",
        summary: "add a profile to a user",
        parameters: &[
            IDENT,
            parameter("name", ParameterKind::Text, One, "name of the profile"),
            TLS,
            parameter(
                "blockpage_id",
                ParameterKind::Text,
                Optional,
                "id of the page that is shown in place of a blocked one",
            ),
        ],
        effect: Adds,
        shape: Shape::Nothing,
        source: "create_profile",
    },
    Method {
        name: "update_profile",
        summary: "change a profile",
        parameters: &[
            parameter(
                "profile_id",
                ParameterKind::Number,
                One,
                "id of the profile",
            ),
            parameter("name", ParameterKind::Text, Optional, "new name"),
            TLS,
        ],
        effect: Changes,
        shape: Shape::Record(&["id", "name", "tls"]),
        source: "update_profile",
    },
    Method {
        name: "add_ip",
        summary: "add static addresses of a user",
        parameters: &[
            IDENT,
            parameter(
                "ip",
                ParameterKind::Address,
                Many,
                "address; may be given several times",
            ),
            PROFILE,
            parameter(
                "comment",
                ParameterKind::Text,
                Optional,
                "comment on the addresses",
            ),
        ],
        effect: Changes,
        shape: Shape::Added,
        source: "add_ip",
    },
    Method {
        name: "clear_ip",
        summary: "delete all static addresses of a profile",
        parameters: &[
            IDENT,
            parameter("profile", ParameterKind::Number, One, "id of the profile"),
        ],
        effect: Destroys("delete all static addresses of the profile"),
        shape: Shape::Nothing,
        source: "clear_ip",
    },
    Method {
        name: "list_ip",
        summary: "list a user's static addresses",
        parameters: &[
            IDENT,
            parameter(
                "profile",
                ParameterKind::Number,
                Optional,
                "id of a profile: only its addresses",
            ),
        ],
        effect: Reads,
        shape: Shape::Addresses,
        source: "list_ip",
    },
    Method {
        name: "update_ip",
        summary: "set a user's dynamic address, taking it from another user if need be",
        parameters: &[
            IDENT,
            parameter("ip", ParameterKind::Address, One, "the address"),
            parameter(
                "hostname",
                ParameterKind::Text,
                Optional,
                "a name for this address, so that a user can have several",
            ),
            PROFILE,
        ],
        effect: Changes,
        shape: Shape::Nothing,
        source: "update_ip",
    },
    Method {
        name: "remove_ip",
        summary: "delete an address of a user",
        parameters: &[
            IDENT,
            parameter("ip", ParameterKind::Address, One, "the address"),
        ],
        effect: Destroys("delete the address"),
        shape: Shape::Nothing,
        source: "remove_ip",
    },
    Method {
        name: "add_vpn",
        summary: "make a VPN connection for a profile, and get its OpenVPN configuration",
        parameters: &[
            IDENT,
            parameter(
                "name",
                ParameterKind::Text,
                One,
                "name of the connection, unique for the user",
            ),
            parameter(
                "profile_id",
                ParameterKind::Number,
                One,
                "id of the profile",
            ),
        ],
        effect: Adds,
        shape: Shape::Ovpn,
        source: "add_vpn",
    },
    Method {
        name: "clear_vpn_for_profile",
        summary: "delete all VPN connections of a profile",
        parameters: &[parameter(
            "profile_id",
            ParameterKind::Number,
            One,
            "id of the profile",
        )],
        effect: Destroys("delete all VPN connections of the profile"),
        shape: Shape::Nothing,
        source: "clear_vpn_for_profile",
    },
    Method {
        name: "clear_vpn_for_user",
        summary: "delete all VPN connections of a user",
        parameters: &[IDENT],
        effect: Destroys("delete all VPN connections of the user"),
        shape: Shape::Nothing,
        source: "clear_vpn_for_user",
    },
    Method {
        name: "get_vpn_list",
        summary: "list a user's VPN connections",
        parameters: &[IDENT],
        effect: Reads,
        shape: Shape::Records,
        source: "get_vpn_list",
    },
    Method {
        name: "remove_vpn",
        summary: "delete a VPN connection",
        parameters: &[parameter(
            "id",
            ParameterKind::Text,
            One,
            "id of the connection, from get_vpn_list",
        )],
        effect: Destroys("delete the VPN connection"),
        shape: Shape::Nothing,
        source: "remove_vpn",
    },
    Method {
        name: "update_nat",
        summary: "bind a profile to a DNS address, for users behind NAT",
        parameters: &[
            parameter(
                "profile_id",
                ParameterKind::Number,
                One,
                "id of the profile",
            ),
            parameter(
                "address",
                ParameterKind::Address,
                One,
                "the NAT DNS address",
            ),
        ],
        effect: Changes,
        shape: Shape::Nothing,
        source: "update_nat",
    },
    Method {
        name: "get_activity",
        summary: "count a user's requests and blocks of one day",
        parameters: &[
            IDENT,
            parameter(
                "date",
                ParameterKind::Date,
                Optional,
                "the day; today if left out",
            ),
            PROFILE_ID,
        ],
        effect: Reads,
        shape: Shape::Record(&["requests", "blocks"]),
        source: "get_activity",
    },
    Method {
        name: "get_activity_report",
        summary: "report a user's requests and blocks over time",
        parameters: &[IDENT, START, END, PROFILE_ID],
        effect: Reads,
        shape: Shape::Report,
        source: "get_activity_report",
    },
    // Listed in the document without a section of its own: assumed to take the
    // parameters of get_category_report.
    Method {
        name: "get_popular_report",
        summary: "report what a user asks for most",
        parameters: &[IDENT, START, END, PROFILE_ID],
        effect: Reads,
        shape: Shape::Map {
            key: "name",
            value: "visits",
        },
        source: "get_category_report",
    },
    Method {
        name: "get_category_report",
        summary: "report a user's visits by category",
        parameters: &[IDENT, START, END, PROFILE_ID],
        effect: Reads,
        shape: Shape::Map {
            key: "category",
            value: "visits",
        },
        source: "get_category_report",
    },
    Method {
        name: "send_monthly_stat",
        summary: "mail a user the statistics of a month, as CSV",
        parameters: &[
            IDENT,
            parameter("year", ParameterKind::Year, One, "the year"),
            parameter("month", ParameterKind::Month, One, "the month"),
            PROFILE_ID,
        ],
        effect: Adds,
        shape: Shape::Nothing,
        source: "send_monthly_stat",
    },
    Method {
        name: "get_daily_stat",
        summary: "get a link to a user's statistics of one day",
        parameters: &[
            parameter("date", ParameterKind::Date, One, "the day"),
            IDENT,
            parameter(
                "email_to",
                ParameterKind::Email,
                Optional,
                "where to mail the statistics",
            ),
            PROFILE_ID,
        ],
        effect: Reads,
        shape: Shape::Record(&["result"]),
        source: "get_daily_stat",
    },
];

/// The method of this name.
pub fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}
