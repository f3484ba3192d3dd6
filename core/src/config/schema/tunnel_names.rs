//! Names of tunnels that are probably not what was meant.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;

use crate::config::problem::{Problem, Severity};
use crate::config::{Content, Section, Tunnel};
use crate::places::Places;
use crate::reason;
use crate::reason::Reason;
use crate::service::vpnki::folded;

/// Warns of two sections for one tunnel of an account, and of a login that is written
/// in another way than VPNKI writes it.
pub(super) fn warn_of_doubtful_names(tunnels: &[Section<Tunnel>], problems: &mut Vec<Problem>) {
    let mut owners = Places::default();
    for (index, section) in tunnels.iter().enumerate() {
        let Content::Ready(tunnel) = &section.content else {
            continue;
        };
        let Some(account) = &tunnel.vpnki else {
            continue;
        };
        let mut warn = |reason: Reason| {
            let (line, section) = (section.line, &section.name);
            problems.push(Problem::of_section(
                Severity::Warning,
                line,
                section,
                reason,
            ));
        };
        let name = folded(&tunnel.name);
        if is_login(&name) && name != tunnel.name {
            let hint = reason!(CheckDidYouMean, meant = &*name);
            warn(reason!(
                ConfigBadValue,
                option = "name",
                value = &tunnel.name,
                cause = reason!(ValueNoLogin, hint = hint)
            ));
        }
        let owner = owners.first_place(Cow::Owned(format!("{account}\n{name}")), index);
        if owner != index {
            let owner = &tunnels[owner];
            warn(reason!(
                ConfigSameTunnel,
                section = &owner.name,
                line_number = owner.line
            ));
        }
    }
}

/// A login as VPNKI gives it, such as `user356`.
fn is_login(name: &str) -> bool {
    let number = name.strip_prefix("user");
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn problems(tunnels: &[(&str, &str)]) -> Vec<String> {
        let mut text = "config vpnki 'a'\noption key 'example-key'\n\
                        config vpnki 'b'\noption key 'example-key'\n"
            .to_owned();
        for (n, (account, name)) in tunnels.iter().enumerate() {
            text += &format!(
                "config tunnel 't{n}'\noption name '{name}'\noption network 'n{n}'\n\
                 option vpnki '{account}'\n"
            );
        }
        let config = Config::parse(text.as_bytes()).expect("UCI syntax");
        config.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_tunnel_in_two_sections() {
        let expected = "line 9: warning: section 't1': section 't0' in line 5 has the same 'name' \
                        and 'vpnki': both are about one tunnel";
        for pair in [
            ["user356", "user356"],
            ["Дача", "дача"],
            ["my  dacha", "My dacha"],
        ] {
            assert_eq!(
                problems(&pair.map(|name| ("a", name))),
                [expected],
                "{pair:?}"
            );
        }
        let none: [&str; 0] = [];
        assert_eq!(problems(&[("a", "user356"), ("b", "user356")]), none);
        assert_eq!(problems(&[("a", "user356"), ("a", "user357")]), none);
    }

    #[test]
    fn a_login_in_another_case() {
        for name in ["USER356", "User356", "user 356"] {
            let expected = format!(
                "line 5: warning: section 't0': option 'name': '{name}' is no login of VPNKI (did \
                 you mean 'user356'?)"
            );
            assert_eq!(problems(&[("a", name)]), [expected]);
        }
        // A comment may be anything.
        let none: [&str; 0] = [];
        for name in ["Dacha", "USER", "user", "Users356", "user356a"] {
            assert_eq!(problems(&[("a", name)]), none, "{name}");
        }
    }
}
