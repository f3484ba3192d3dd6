//! The 29 methods: what each takes, and the function that does it.

use super::call::{MethodCall, MethodResult};
use super::{addresses, profiles, reports, statistics, users, vpns};

/// One method.
pub(super) struct Method {
    pub name: &'static str,
    /// `ident ip+ [profile]`: `+` may be repeated, `[…]` may be left out. The key
    /// is not among them.
    pub parameters: &'static str,
    /// Called with parameters that are checked.
    pub act: fn(&mut MethodCall) -> MethodResult,
}

/// Adding a method is adding a row and a function. The order is the document's.
pub(super) const METHODS: &[Method] = &[
    method(
        "subscribe",
        "password [login] [plan] [email] [customer]",
        users::subscribe,
    ),
    method("subscribe_plans", "", users::subscribe_plans),
    method("activate", "ident", users::activate),
    method("deactivate", "ident", users::deactivate),
    method("update_email", "ident email", users::update_email),
    method("update_password", "ident password", users::update_password),
    method("prolongate", "ident [plan]", users::prolongate),
    method("unsubscribe", "ident", users::unsubscribe),
    method("subscription_info", "ident", users::subscription_info),
    method("profiles", "ident", profiles::profiles),
    method(
        "create_profile",
        "ident name [tls] [blockpage_id]",
        profiles::create_profile,
    ),
    method(
        "update_profile",
        "profile_id [name] [tls]",
        profiles::update_profile,
    ),
    method("add_ip", "ident ip+ [profile] [comment]", addresses::add_ip),
    method("clear_ip", "ident profile", addresses::clear_ip),
    method("list_ip", "ident [profile]", addresses::list_ip),
    method(
        "update_ip",
        "ident ip [hostname] [profile]",
        addresses::update_ip,
    ),
    method("remove_ip", "ident ip", addresses::remove_ip),
    method("add_vpn", "ident name profile_id", vpns::add_vpn),
    method(
        "clear_vpn_for_profile",
        "profile_id",
        vpns::clear_vpn_for_profile,
    ),
    method("clear_vpn_for_user", "ident", vpns::clear_vpn_for_user),
    method("get_vpn_list", "ident", vpns::get_vpn_list),
    method("remove_vpn", "id", vpns::remove_vpn),
    method("update_nat", "profile_id address", profiles::update_nat),
    method(
        "get_activity",
        "ident [date] [profile_id]",
        reports::get_activity,
    ),
    method("get_activity_report", REPORT, reports::get_activity_report),
    // Listed in the document without a section of its own. Assumed: it takes and
    // gives what get_category_report does, with names of sites.
    method("get_popular_report", REPORT, reports::get_popular_report),
    method("get_category_report", REPORT, reports::get_category_report),
    method(
        "send_monthly_stat",
        "ident year month [profile_id]",
        statistics::send_monthly_stat,
    ),
    method(
        "get_daily_stat",
        "date ident [email_to] [profile_id]",
        statistics::get_daily_stat,
    ),
];

const REPORT: &str = "ident start end [profile_id]";

const fn method(
    name: &'static str,
    parameters: &'static str,
    act: fn(&mut MethodCall) -> MethodResult,
) -> Method {
    Method {
        name,
        parameters,
        act,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skydns::call::parameters;

    #[test]
    fn the_table_is_that_of_the_document() {
        let documented = include_str!("../../../tests/data/methods/skydns.txt");
        let documented = documented.lines().filter(|line| !line.starts_with('#'));
        let lines = METHODS.iter().flat_map(lines);
        assert_eq!(lines.collect::<Vec<_>>(), documented.collect::<Vec<_>>());
    }

    fn lines(method: &Method) -> Vec<String> {
        if method.parameters.is_empty() {
            return vec![method.name.to_owned()];
        }
        let line = |parameter: crate::skydns::call::Parameter| {
            let need = match parameter.required {
                true => "required",
                false => "optional",
            };
            let repeated = match parameter.repeated {
                true => " repeated",
                false => "",
            };
            format!("{} {} {need}{repeated}", method.name, parameter.name)
        };
        parameters(method.parameters).map(line).collect()
    }
}
