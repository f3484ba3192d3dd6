//! Help from the tables of methods: on the terminal, and for the README.
//!
//! ```
//! use wansync_core::service::skydns_methods::find;
//! use wansync_core::text::help;
//!
//! let method = find("list_ip").unwrap();
//! assert!(help::method("skydns", method, Some(80)).starts_with("wansync skydns list_ip ident=TEXT"));
//! assert_eq!(help::example("skydns", method), "wansync skydns list_ip ident=user1");
//! ```

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::table::GAP;
use super::width::width;
use crate::service::method::{Effect, Method, Occurrence, Parameter, ParameterKind, Shape};
use crate::service::{skydns_methods, vpnki_resources};

/// The width of help where there is no terminal.
const DEFAULT_WIDTH: usize = 80;
/// The narrowest column that text is wrapped into.
const MIN_TEXT_WIDTH: usize = 24;

/// What is to be known of moments.
const TIME_ZONE: &str = "
In which time zone VPNKI reads a moment is not documented. It is sent as given;
24h is counted back from this router's local time.
";

/// What is to be known of an address.
const ADDRESS_QUESTION: &str = "
This changes the account. It asks first if the address is not public; without a
terminal it needs --yes then.
";

/// A command of wansync with a table of methods behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Api {
    /// `skydns`
    pub command: &'static str,
    /// Its table.
    pub methods: &'static [Method],
    /// The options that stand in place of a method.
    pub options: &'static str,
}

/// Both commands, in the order of the documentation.
pub(crate) static APIS: [Api; 2] = [
    Api {
        command: "skydns",
        methods: &skydns_methods::METHODS,
        options: "--list",
    },
    Api {
        command: "vpnki",
        methods: &vpnki_resources::RESOURCES,
        options: "--list --any",
    },
];

/// Optional parameters that an example shows, so that it does something.
const EXAMPLE_PARAMETERS: [(&str, &str); 6] = [
    ("stat_user", "ts"),
    ("stat_tunnel", "ts"),
    ("prolongate", "plan"),
    ("update_profile", "name"),
    ("add_ip", "profile"),
    ("update_ip", "hostname"),
];

/// The text of `wansync skydns METHOD --help`, wrapped at `width`.
pub fn method(command: &str, method: &Method, width: Option<usize>) -> String {
    let mut out = format!("wansync {command} {}", method.name);
    for parameter in method.parameters {
        out.push(' ');
        out.push_str(&usage(parameter));
    }
    out.push_str("\n\n");
    out.push_str(&to_sentence(method.summary));
    if !method.parameters.is_empty() {
        out.push('\n');
        let lines: Vec<[String; 3]> = method.parameters.iter().map(describe_parameter).collect();
        push_hanging(&mut out, &lines, "  ", width.unwrap_or(DEFAULT_WIDTH));
        out.push_str("\nNAME=@FILE reads a value from a file, NAME=- from standard input.\n");
    }
    if method.changes_what_is_given() {
        out.push_str("\nAt least one of what is optional is needed.\n");
    }
    if method
        .parameters
        .iter()
        .any(|p| p.kind == ParameterKind::Moment)
    {
        out.push_str(TIME_ZONE);
    }
    match method.effect {
        Effect::Reads => {}
        Effect::Changes if method.asks_of_address() => out.push_str(ADDRESS_QUESTION),
        Effect::Changes | Effect::Adds => out.push_str("\nThis changes the account.\n"),
        Effect::Destroys(what) => out.push_str(&format!(
            "\nThis will {what}. It asks first; without a terminal it needs --yes.\n"
        )),
    }
    push_options(&mut out, command, method);
    out.push_str(&format!("\nExample:\n  {}\n", example(command, method)));
    out
}

/// The options that every method of a command has, and those of its kind.
fn push_options(out: &mut String, command: &str, method: &Method) {
    out.push_str(&format!(
        "\nOptions, which 'wansync {command} --help' explains:\n"
    ));
    out.push_str("  --section NAME, --key-file FILE, --base-url URL\n");
    out.push_str("  --format text|json|csv, --raw\n");
    if command == "skydns" {
        out.push_str(
            "  --each FILE (a table), --columns, --at-once, --output, --resume, --journal\n",
        );
    }
    let has_file = method.has_secret();
    if has_file {
        out.push_str("  --output FILE\n");
    }
    if has_file || method.needs_yes().is_some() || method.asks_of_address() {
        out.push_str("  --yes\n");
    }
}

/// The text of `--list`: each method, what it does, and what it needs. Wrapped
/// only where there is a `width`.
pub fn list(methods: &[Method], width: Option<usize>) -> String {
    let lines: Vec<[String; 3]> = methods
        .iter()
        .map(|method| {
            let needed = method.parameters.iter().filter(|p| p.is_required());
            let needed: Vec<String> = needed.map(short_usage).collect();
            [
                method.name.to_owned(),
                needed.join(" "),
                method.summary.to_owned(),
            ]
        })
        .collect();
    let mut out = String::new();
    push_hanging(&mut out, &lines, "", width.unwrap_or(usize::MAX));
    out
}

/// The table of all methods for the README, in Markdown.
pub fn markdown() -> String {
    let mut out =
        "| method | does | parameters | example |\n| --- | --- | --- | --- |\n".to_owned();
    for api in &APIS {
        for method in api.methods {
            let asks = match method.effect {
                Effect::Destroys(_) => "; asks first",
                _ if method.asks_of_address() => "; asks first about one that is not public",
                Effect::Reads | Effect::Changes | Effect::Adds => "",
            };
            let parameters: Vec<String> = method.parameters.iter().map(in_markdown).collect();
            out.push_str(&format!(
                "| `{} {}` | {}{asks} | {} | `{}` |\n",
                api.command,
                method.name,
                method.summary,
                parameters.join(" "),
                example(api.command, method)
            ));
        }
    }
    out
}

/// A command line that the method takes.
pub fn example(command: &str, method: &Method) -> String {
    let mut out = format!("wansync {command} {}", method.name);
    for parameter in method.parameters {
        if parameter.is_required() || EXAMPLE_PARAMETERS.contains(&(method.name, parameter.name)) {
            for value in sample_values(parameter) {
                out.push_str(&format!(" {}={value}", parameter.name));
            }
        }
    }
    if method.shape == Shape::Ovpn {
        out.push_str(" --output home.ovpn");
    }
    out
}

/// Values for an example. Those of one's own secrets come from standard input.
fn sample_values(parameter: &Parameter) -> &'static [&'static str] {
    match (parameter.kind, parameter.name) {
        (ParameterKind::Address, _) if parameter.count == Occurrence::Many => {
            &["8.8.4.4", "8.8.8.8"]
        }
        (ParameterKind::Address, _) => &["8.8.4.4"],
        (ParameterKind::Date, "start") => &["2026-11-01"],
        (ParameterKind::Date, _) => &["2026-11-20"],
        (ParameterKind::Moment, "ts") => &["24h"],
        (ParameterKind::Moment, _) => &["NOW"],
        (ParameterKind::Email, _) => &["user1@example.com"],
        (ParameterKind::Flag, _) => &["True"],
        (ParameterKind::Month, _) => &["10"],
        (ParameterKind::Number, _) => &["7"],
        (ParameterKind::Password, _) => &["-"],
        (ParameterKind::Plan, _) => &["BUSINESS"],
        (ParameterKind::Year, _) => &["2026"],
        (ParameterKind::Text, "ident") => &["user1"],
        (ParameterKind::Text, "tunnel") => &["user356"],
        (ParameterKind::Text, "id") => &["12"],
        (ParameterKind::Text, "hostname") => &["router-1"],
        (ParameterKind::Text, _) => &["home"],
    }
}

/// `ip=ADDRESS…`, in brackets if it may be left out.
fn usage(parameter: &Parameter) -> String {
    let value = match parameter.kind {
        ParameterKind::Text => "TEXT",
        ParameterKind::Password => "PASSWORD",
        ParameterKind::Address => "ADDRESS",
        ParameterKind::Number => "NUMBER",
        ParameterKind::Flag => "True|False",
        ParameterKind::Plan => "PLAN",
        ParameterKind::Email => "EMAIL",
        ParameterKind::Date => "YYYY-MM-DD",
        ParameterKind::Year => "YYYY",
        ParameterKind::Month => "MM",
        ParameterKind::Moment => "WHEN",
    };
    let name = parameter.name;
    match parameter.count {
        Occurrence::One => format!("{name}={value}"),
        Occurrence::Many => format!("{name}={value}..."),
        Occurrence::Optional | Occurrence::Default(_) => format!("[{name}={value}]"),
    }
}

fn short_usage(parameter: &Parameter) -> String {
    let more = if parameter.count == Occurrence::Many {
        "..."
    } else {
        ""
    };
    format!("{}{more}", parameter.name)
}

fn in_markdown(parameter: &Parameter) -> String {
    match parameter.is_required() {
        true => format!("`{}`", short_usage(parameter)),
        false => format!("[`{}`]", parameter.name),
    }
}

/// Name, whether it is needed, and what it means.
fn describe_parameter(parameter: &Parameter) -> [String; 3] {
    let count = match parameter.count {
        Occurrence::One => "required",
        Occurrence::Many => "required, repeatable",
        Occurrence::Optional | Occurrence::Default(_) => "optional",
    };
    let meaning = match parameter.kind {
        ParameterKind::Text => parameter.meaning.to_owned(),
        kind => format!("{} ({kind})", parameter.meaning),
    };
    [parameter.name.to_owned(), count.to_owned(), meaning]
}

/// `list the tariffs` becomes `List the tariffs.` and a line end.
fn to_sentence(text: &str) -> String {
    let (first, rest) = text.split_at(text.len().min(1));
    format!("{}{rest}.\n", first.to_ascii_uppercase())
}

/// Lines of three: two aligned columns, and a text that is wrapped beside them.
fn push_hanging(out: &mut String, lines: &[[String; 3]], indent: &str, columns: usize) {
    let widest = |n: usize| lines.iter().map(|line| width(&line[n])).max().unwrap_or(0);
    let (first, second) = (widest(0), widest(1));
    let beside = indent.len() + first + GAP + second + GAP;
    let room = columns.saturating_sub(beside).max(MIN_TEXT_WIDTH);
    for [name, what, text] in lines {
        let mut start = format!("{indent}{name:first$}  {what:second$}  ");
        for part in wrap(text, room) {
            out.push_str(&start);
            out.push_str(part);
            out.push('\n');
            start = " ".repeat(beside);
        }
    }
}

/// The text in parts of `columns` at most, each as many words as fit.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while width(rest) > columns {
        let mut spaces = rest.match_indices(' ').map(|(at, _)| at);
        let fitting = spaces.rfind(|at| width(&rest[..*at]) <= columns);
        let Some(at) = fitting.or_else(|| rest.find(' ')) else {
            break;
        };
        parts.push(&rest[..at]);
        rest = &rest[at + 1..];
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::arguments;
    use crate::time::{Civil, Wall};

    const README: &str = include_str!("../../../README.md");

    #[test]
    fn help_of_a_method() {
        let add_ip = skydns_methods::find("add_ip").expect("documented");
        let expected = "\
wansync skydns add_ip ident=TEXT ip=ADDRESS... [profile=NUMBER] [comment=TEXT]

Add static addresses of a user.

  ident    required              login of the user
  ip       required, repeatable  address; may be given several times (an IPv4 or
                                 IPv6 address)
  profile  optional              id of the profile; the default one if left out
                                 (a number)
  comment  optional              comment on the addresses

NAME=@FILE reads a value from a file, NAME=- from standard input.

This changes the account.

Options, which 'wansync skydns --help' explains:
  --section NAME, --key-file FILE, --base-url URL
  --format text|json|csv, --raw
  --each FILE (a table), --columns, --at-once, --output, --resume, --journal

Example:
  wansync skydns add_ip ident=user1 ip=8.8.4.4 ip=8.8.8.8 profile=7
";
        assert_eq!(method("skydns", add_ip, None), expected);
    }

    #[test]
    fn help_of_what_destroys_and_of_what_takes_nothing() {
        let del_tunnel = vpnki_resources::find("del_tunnel").expect("documented");
        let help = method("vpnki", del_tunnel, None);
        let warning =
            "This will delete the tunnel. It asks first; without a terminal it needs --yes.";
        assert!(help.contains(warning), "{help}");
        let tunnels = vpnki_resources::find("tunnels").expect("documented");
        let expected = "\
wansync vpnki tunnels

List the tunnels of the account.

Options, which 'wansync vpnki --help' explains:
  --section NAME, --key-file FILE, --base-url URL
  --format text|json|csv, --raw

Example:
  wansync vpnki tunnels
";
        assert_eq!(method("vpnki", tunnels, None), expected);
    }

    #[test]
    fn help_stays_within_the_terminal() {
        for api in &APIS {
            for row in api.methods {
                let help = method(api.command, row, Some(80));
                let described = help
                    .lines()
                    .filter(|line| line.starts_with("  ") && !line.contains("wansync"));
                for line in described {
                    assert!(width(line) <= 80, "{line}");
                }
            }
            for line in list(api.methods, Some(80)).lines() {
                assert!(width(line) <= 80, "{line}");
            }
        }
    }

    #[test]
    fn every_example_is_accepted() {
        let now = Civil::at(Wall::from_secs(1_795_166_200)); // 2026-11-20
        for api in &APIS {
            for row in api.methods {
                let example = example(api.command, row);
                let mut words = example.split(' ');
                let named: Vec<&str> = words.by_ref().take(3).collect();
                assert_eq!(named, ["wansync", api.command, row.name]);
                let given: Vec<(&str, &str)> = words.filter_map(|w| w.split_once('=')).collect();
                let checked = arguments::check(row, &given, now).expect(&example);
                assert!(checked.warnings.is_empty(), "{example}");
            }
        }
    }

    #[test]
    fn a_list_has_a_line_for_each() {
        let skydns = list(APIS[0].methods, None);
        assert_eq!(skydns.lines().count(), 29);
        let vpnki = "\
tunnels              list the tunnels of the account
active               list the tunnels that are connected now
stat_user            list the connections of all tunnels in an interval
stat_tunnel  tunnel  list the connections of one tunnel in an interval
add_tunnel           make a tunnel, and get its login and password
del_tunnel   tunnel  delete a tunnel
";
        assert_eq!(list(APIS[1].methods, None), vpnki);
    }

    #[test]
    fn the_table_of_the_readme_is_this_one() {
        let table = markdown();
        assert_eq!(table.lines().count(), 2 + 35);
        assert!(table.lines().all(|line| line.matches('|').count() == 5));
        let Some((_, rest)) = README.split_once("<!-- methods -->\n") else {
            return;
        };
        let (shown, _) = rest
            .split_once("<!-- /methods -->")
            .expect("the end's marker");
        assert_eq!(
            shown, table,
            "print it with `cargo run -p wansync-core --example methods_table`"
        );
    }

    #[test]
    fn text_is_wrapped_at_spaces() {
        let table: [(&str, &[&str]); 5] = [
            ("", &[""]),
            ("one two three", &["one two", "three"]),
            ("one two", &["one two"]),
            ("a-word-that-is-long one", &["a-word-that-is-long", "one"]),
            ("a-word-that-is-long", &["a-word-that-is-long"]),
        ];
        for (text, parts) in table {
            assert_eq!(wrap(text, 8), parts, "{text}");
        }
    }
}
