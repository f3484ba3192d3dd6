//! `wansync skydns METHOD …` and `wansync vpnki RESOURCE …`: one call, checked
//! before it is sent, and its answer printed.

use std::borrow::Cow;
use std::io;

use super::account::CallAccount;
use super::answer;
use super::output::{Output, local_zone, screen};
use crate::agent::paths::Paths;
use crate::cli::ServiceCall;
use crate::exit::Exit;
use crate::sys::files::Draft;
use crate::sys::http::{Get, HttpClient};
use crate::sys::{clock, files, terminal};
use wansync_core::config::suggest::hint;
use wansync_core::failure::Failure;
use wansync_core::service::answer::Service;
use wansync_core::service::arguments::{self, Checked};
use wansync_core::service::method::{Effect, Method, Shape};
use wansync_core::service::question::Question;
use wansync_core::service::reply::{COMMAND_LIMIT, Reply};
use wansync_core::service::{request, vpnki_resources};
use wansync_core::text::help;
use wansync_core::text::width::clean;

/// The largest value that is read from a file or from standard input, in bytes.
const MAX_VALUE: usize = 64 * 1024;

/// Options of a call that are followed by a value.
const OPTIONS_WITH_VALUE: [&str; 9] = [
    "--section",
    "--key-file",
    "--base-url",
    "--format",
    "--output",
    "--each",
    "--columns",
    "--at-once",
    "--journal",
];

/// The help of the method that a command line names; an error if there is no
/// such method, and nothing if none is named.
pub fn help(words: &[&str]) -> Option<Result<String, String>> {
    let at = words
        .iter()
        .position(|word| matches!(*word, "skydns" | "vpnki"))?;
    if words.contains(&"--any") {
        return None;
    }
    let service = match words[at] {
        "skydns" => Service::Skydns,
        _ => Service::Vpnki,
    };
    let name = first_name(&words[at + 1..])?;
    let width = screen().width;
    Some(match service.methods().iter().find(|m| m.name == name) {
        Some(method) => Ok(help::method(service.word(), method, width)),
        None => Err(unknown_method(service, name)),
    })
}

/// The first word that is no option, nor the value of one, nor asks for help.
fn first_name<'a>(words: &[&'a str]) -> Option<&'a str> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if OPTIONS_WITH_VALUE.contains(word) {
            words.next();
        } else if !word.starts_with('-') && *word != "help" {
            return Some(word);
        }
    }
    None
}

/// Runs it.
pub fn run(paths: &Paths, service: Service, call: &ServiceCall<'_>, out: &Output) -> Exit {
    if call.list {
        let width = screen().width;
        out.line(help::list(service.methods(), width).trim_end());
        return Exit::Done;
    }
    let Prepared {
        method,
        name,
        checked,
    } = match prepare(service, call) {
        Ok(prepared) => prepared,
        Err(lines) => {
            lines.iter().for_each(|line| log::error!("{line}"));
            return Exit::Usage;
        }
    };
    for warning in &checked.warnings {
        log::warn!("{warning}");
    }
    if call.output.is_some() && !method.has_secret() {
        log::error!("--output is for add_vpn, add_tunnel and --any; use > for anything else");
        return Exit::Usage;
    }
    let questions = match Questions::of(method, name, &checked, call) {
        Ok(questions) => questions,
        Err(exit) => return exit,
    };
    let account = match CallAccount::find(paths, service, call) {
        Ok(account) => account.with_passwords_of(method, &checked, call.words),
        Err((exit, why)) => {
            log::error!("{why}");
            return exit;
        }
    };
    if !questions.are_agreed_to(name, &checked, &account) {
        log::error!("nothing was sent");
        return Exit::Usage;
    }
    // Before anything is made that cannot be had again.
    let file = match call
        .output
        .map(|path| Draft::create(path.as_ref()))
        .transpose()
    {
        Ok(file) => file,
        Err(error) => return cannot_write(call, &error),
    };
    let answered = send(paths, service, name, &account, &checked).and_then(|reply| {
        answer::print(method, &checked.pairs, &reply, &account, call, file, out)
            .inspect_err(|failure| account.keep_reply(paths, (method, name), &reply, failure))
    });
    answered.unwrap_or_else(|failure| report_failure(name, method, &account, failure))
}

fn cannot_write(call: &ServiceCall<'_>, error: &io::Error) -> Exit {
    let path = call.output.unwrap_or_default();
    log::error!("cannot write {path}: {error}; nothing was sent");
    Exit::OutputLost
}

/// The refusal of a call that would do this, where nobody can be asked.
pub fn needs_yes(name: &str, what: &str) -> String {
    format!("{name} would {what}: it needs --yes where nobody can be asked")
}

/// What a person is to be asked before a call.
struct Questions {
    /// What it would do, in words that follow on "would".
    call: Option<Cow<'static, str>>,
    /// The file that would be replaced.
    file: Option<String>,
}

impl Questions {
    /// The questions before a call; an error where it cannot be made in any case, or
    /// nobody can be asked.
    fn of(
        method: &'static Method,
        name: &str,
        checked: &Checked<'_>,
        call: &ServiceCall<'_>,
    ) -> Result<Questions, Exit> {
        let mut question = Question::new(method);
        question.add(&checked.pairs);
        let mut questions = Questions {
            call: question.words().filter(|_| !call.yes),
            file: None,
        };
        if let Some(path) = call.output {
            let is_there = files::check_replaceable(path.as_ref());
            if is_there.map_err(|error| cannot_write(call, &error))? && !call.yes {
                questions.file = Some(format!("replace the file {path}"));
            }
        }
        let first = questions.call.as_deref().or(questions.file.as_deref());
        match first.filter(|_| !terminal::can_prompt()) {
            Some(what) => {
                log::error!("{}", needs_yes(name, what));
                Err(Exit::Usage)
            }
            None => Ok(questions),
        }
    }

    /// Asks them, and says whether all answers were yes.
    fn are_agreed_to(&self, name: &str, checked: &Checked<'_>, account: &CallAccount) -> bool {
        let call = self.call.as_deref();
        let file = self.file.as_deref();
        call.is_none_or(|what| confirm(name, what, checked, account))
            && file
                .is_none_or(|what| terminal::confirm(&format!("{name}: {}? [y/N] ", clean(what))))
    }
}

fn report_failure(
    name: &str,
    method: &Method,
    account: &CallAccount,
    failure: Box<Failure>,
) -> Exit {
    let exit = Exit::of_call(&failure);
    let advice = next_step(method, &failure);
    let words = account.redacted(failure).reason_at(account.base_url.host());
    log::error!("{name}: {words}{advice}");
    exit
}

/// Advice beside a failure, for the person who reads it: how long to wait, or that
/// another try may do a second time what was done already.
fn next_step(method: &Method, failure: &Failure) -> String {
    match failure {
        Failure::Status {
            retry_after: Some(pause),
            ..
        } => format!("; it asks to be left alone for {} s", pause.as_secs()),
        Failure::Status { status: 429, .. } => String::new(),
        _ if method.effect != Effect::Reads
            && failure.may_have_arrived()
            && !failure.is_permanent()
            && !failure.is_of_web_server() =>
        {
            "; whether it was done is not known: look before you try again".to_owned()
        }
        _ => String::new(),
    }
}

/// A call that may be sent.
struct Prepared<'a> {
    method: &'static Method,
    /// The method's name, which `--any` gives.
    name: &'a str,
    checked: Checked<'a>,
}

/// The method, and its parameters checked; or every line of what is wrong.
fn prepare<'a>(service: Service, call: &ServiceCall<'a>) -> Result<Prepared<'a>, Vec<String>> {
    let word = service.word();
    let (method, name, words) = find_method(service, call)?;
    let given = read_parameters(method, words).map_err(|why| vec![why])?;
    let given: Vec<(&str, &str)> = given.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let now = local_zone().local(clock::wall());
    let checked = arguments::check(method, &given, now).map_err(|wrong| {
        let mut lines: Vec<String> = wrong.iter().map(|line| format!("{name}: {line}")).collect();
        if !call.any {
            lines.push(format!(
                "'wansync {word} {name} --help' tells what it takes"
            ));
        }
        lines
    })?;
    Ok(Prepared {
        method,
        name,
        checked,
    })
}

/// The method that a command line names, with the name, and the words behind it; or every
/// line of what is wrong.
pub fn find_method<'a>(
    service: Service,
    call: &ServiceCall<'a>,
) -> Result<(&'static Method, &'a str, &'a [String]), Vec<String>> {
    let Some((name, words)) = call.words.split_first() else {
        let word = service.word();
        return Err(vec![format!(
            "what to ask for is missing; 'wansync {word} --list' lists it"
        )]);
    };
    let method = match call.any {
        true => Some(&vpnki_resources::ANY).filter(|any| any.parameter(name).is_some()),
        false => service.methods().iter().find(|m| m.name == name),
    };
    match method {
        Some(method) => Ok((method, name, words)),
        None => Err(vec![match call.any {
            true => format!("'{name}' cannot be the name of a resource"),
            false => unknown_method(service, name),
        }]),
    }
}

/// The parameters that stand on a command line, with the values that stand elsewhere.
pub fn read_parameters<'a>(
    method: &Method,
    words: &'a [String],
) -> Result<Vec<(&'a str, String)>, String> {
    let mut reader = None;
    let mut given = Vec::with_capacity(words.len());
    for text in words {
        given.push(parameter(method, text, &mut reader)?);
    }
    Ok(given)
}

fn unknown_method(service: Service, name: &str) -> String {
    let word = service.word();
    let names: Vec<&str> = service.methods().iter().map(|m| m.name).collect();
    let more = match (hint(name, &names), service) {
        (hint, _) if !hint.is_empty() => hint,
        (_, Service::Skydns) => format!("; 'wansync {word} --list' lists what it has"),
        (_, Service::Vpnki) => format!(
            "; 'wansync {word} --list' lists what it has, and --any passes on what it does not list"
        ),
    };
    format!("{word} has no '{name}'{more}")
}

/// One `NAME=VALUE`. `@FILE` and `-` keep a value out of the list of processes;
/// `@@…` is a value that begins with `@`. `reader` is who has read standard input.
fn parameter<'a>(
    method: &Method,
    text: &'a str,
    reader: &mut Option<&'a str>,
) -> Result<(&'a str, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("'{text}' is not of the form NAME=VALUE"))?;
    let bytes = match value.strip_prefix('@') {
        // An unknown name is an error before its value is asked for.
        _ if method.parameter(name).is_none() => return Ok((name, value.to_owned())),
        None if value == "-" => read_from_input(method, name, reader)?,
        None => return Ok((name, value.to_owned())),
        Some(rest) if rest.starts_with('@') => return Ok((name, rest.to_owned())),
        Some(path) => files::read(path.as_ref(), MAX_VALUE)
            .map_err(|why| format!("'{name}': the file {path} {why}"))?,
    };
    let text = String::from_utf8(bytes).map_err(|_| format!("'{name}' is not UTF-8"))?;
    // The line end that every editor and `echo` puts behind the last line.
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok((name, text.strip_suffix('\r').unwrap_or(text).to_owned()))
}

/// The value from standard input. A person is asked for it, for one line each;
/// anything else is all of one value.
fn read_from_input<'a>(
    method: &Method,
    name: &'a str,
    reader: &mut Option<&'a str>,
) -> Result<Vec<u8>, String> {
    let is_hidden = method.shape == Shape::Any || method.is_password(name);
    if terminal::can_prompt() {
        return terminal::prompt(&format!("{name}: "), is_hidden)
            .map_err(|why| format!("'{name}': {why}"));
    }
    match reader.replace(name) {
        Some(other) => Err(format!(
            "'{name}': standard input is empty: '{other}' has taken it"
        )),
        None => terminal::read_standard_input(MAX_VALUE)
            .map_err(|why| format!("'{name}': standard input {why}")),
    }
}

/// Asks whether to go on, and tells with what and where: once it is done, it is done.
fn confirm(name: &str, what: &str, checked: &Checked<'_>, account: &CallAccount) -> bool {
    let pairs = checked
        .pairs
        .iter()
        .map(|(n, v)| format!("{n}={}", clean(v)));
    let pairs: Vec<String> = pairs.collect();
    terminal::confirm(&format!(
        "{name}: {what} ({}) at {}? [y/N] ",
        account.hide(pairs.join(" ").into()),
        account.base_url.host()
    ))
}

fn send(
    paths: &Paths,
    service: Service,
    name: &str,
    account: &CallAccount,
    checked: &Checked<'_>,
) -> Result<Reply, Box<Failure>> {
    let device = account.device(paths)?;
    let pairs = checked.pairs.iter();
    let pairs: Vec<_> = pairs.map(|(name, value)| (*name, value.as_str())).collect();
    let key = account.key.as_ref();
    let url = match service {
        Service::Skydns => request::skydns(&account.base_url, name, key, &pairs),
        Service::Vpnki => request::vpnki(&account.base_url, name, key, &pairs),
    };
    let client = HttpClient::new(account.ca_file.as_ref(), clock::now().clock_is_set());
    client.get(&Get::json(
        &url,
        device.as_deref(),
        account.transport,
        COMMAND_LIMIT,
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use wansync_core::failure::Phase;
    use wansync_core::service::skydns_methods;

    #[test]
    fn the_method_that_help_is_for() {
        let table: [(&[&str], Option<&str>); 6] = [
            (&["add_ip", "--help"], Some("add_ip")),
            (&["--help", "add_ip"], Some("add_ip")),
            (&["help"], None),
            (&["--section", "activate", "add_ip", "-h"], Some("add_ip")),
            (&["--format", "json", "--yes", "-h"], None),
            (&["ad_ip", "ident=activate", "-h"], Some("ad_ip")),
        ];
        for (words, expected) in table {
            assert_eq!(first_name(words), expected, "{words:?}");
        }
    }

    #[test]
    fn what_may_have_been_done_is_told() {
        let late = Failure::Timeout {
            host: "a.example".to_owned(),
            phase: Phase::Reply,
            limit: Duration::from_secs(30),
            attempts: Box::default(),
        };
        let refused = Failure::Refused {
            message: "no".to_owned(),
        };
        let busy = |status, retry_after| Failure::Status {
            status,
            message: None,
            by_service: false,
            retry_after,
        };
        let doubt = "; whether it was done is not known: look before you try again";
        let table = [
            ("subscribe", &late, doubt),
            ("profiles", &late, ""),
            ("subscribe", &refused, ""),
            ("subscribe", &busy(502, None), doubt),
            ("subscribe", &busy(404, None), ""),
            ("subscribe", &busy(429, None), ""),
            (
                "profiles",
                &busy(503, Some(Duration::from_secs(120))),
                "; it asks to be left alone for 120 s",
            ),
        ];
        for (name, failure, expected) in table {
            let method = skydns_methods::find(name).expect(name);
            assert_eq!(next_step(method, failure), expected, "{name} {failure}");
        }
    }
}
