//! `wansync skydns METHOD …` and `wansync vpnki RESOURCE …`: one call, checked
//! before it is sent, and its answer printed.

use super::account::Account;
use super::answer;
use super::exit::Exit;
use super::once::println_quietly;
use super::paths::Paths;
use crate::cli::Call;
use crate::config::suggest::nearest;
use crate::core::failure::Failure;
use crate::render::help;
use crate::service::answer::Service;
use crate::service::arguments::{self, Checked};
use crate::service::method::Method;
use crate::service::reply::{COMMAND_LIMIT, Reply};
use crate::service::request;
use crate::sys::http::{Client, Get, TIMEOUT};
use crate::sys::{clock, files, terminal, zone};

/// The largest value that is read from a file or from standard input, in bytes.
const VALUE_LIMIT: usize = 64 * 1024;

/// The help of the method that a command line names, if it names one.
pub fn help(words: &[&str]) -> Option<String> {
    let at = words
        .iter()
        .position(|word| matches!(*word, "skydns" | "vpnki"))?;
    let service = match words[at] {
        "skydns" => Service::Skydns,
        _ => Service::Vpnki,
    };
    let named = |method: &&Method| words[at + 1..].contains(&method.name);
    let method = service.methods().iter().find(named)?;
    let width = terminal::screen().width;
    Some(help::method(service.word(), method, width))
}

/// Runs it.
pub fn run(paths: &Paths, service: Service, call: &Call<'_>) -> Exit {
    if call.list {
        let width = terminal::screen().width;
        println_quietly(help::list(service.methods(), width).trim_end());
        return Exit::Done;
    }
    let (method, checked) = match prepared(service, call) {
        Ok(prepared) => prepared,
        Err(lines) => {
            for line in lines {
                log::error!("{line}");
            }
            return Exit::Usage;
        }
    };
    for warning in &checked.warnings {
        log::warn!("{warning}");
    }
    if call.output.is_some() && !answer::is_secret(method) {
        log::error!("--output is for add_vpn and add_tunnel; use > for anything else");
        return Exit::Usage;
    }
    if let Some(what) = method.needs_yes()
        && !call.yes
        && let Err(exit) = ask(method, what)
    {
        return exit;
    }
    let account = match Account::find(paths, service, call) {
        Ok(account) => account.with_passwords_of(method, &checked),
        Err((exit, why)) => {
            log::error!("{why}");
            return exit;
        }
    };
    let answered = send(paths, service, method, &account, &checked)
        .and_then(|reply| answer::print(method, &reply, &account, call));
    match answered {
        Ok(exit) => exit,
        Err(failure) => {
            let exit = Exit::of_call(&failure);
            let words = account.redacted(failure).at(account.base_url.host());
            log::error!("{}: {words}", method.name);
            exit
        }
    }
}

/// The method, and its parameters checked; or every line of what is wrong.
fn prepared(service: Service, call: &Call<'_>) -> Result<(&'static Method, Checked), Vec<String>> {
    let word = service.word();
    let Some((name, words)) = call.words.split_first() else {
        return Err(vec![format!(
            "no method is named; 'wansync {word} --list' lists them"
        )]);
    };
    let Some(method) = service.methods().iter().find(|m| m.name == name) else {
        return Err(vec![unknown_method(service, name)]);
    };
    let mut given = Vec::with_capacity(words.len());
    for text in words {
        given.push(parameter(text).map_err(|why| vec![why])?);
    }
    let given: Vec<(&str, &str)> = given.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let now = zone::local().local(clock::now().wall);
    let checked = arguments::check(method, &given, now).map_err(|wrong| {
        let mut lines: Vec<String> = wrong.iter().map(|line| format!("{name}: {line}")).collect();
        lines.push(format!(
            "'wansync {word} {name} --help' tells what it takes"
        ));
        lines
    })?;
    Ok((method, checked))
}

fn unknown_method(service: Service, name: &str) -> String {
    let word = service.word();
    let names: Vec<&str> = service.methods().iter().map(|m| m.name).collect();
    match nearest(name, &names) {
        Some(meant) => format!("{word} has no '{name}' (did you mean '{meant}'?)"),
        None => format!("{word} has no '{name}'; 'wansync {word} --list' lists what it has"),
    }
}

/// One `NAME=VALUE`. `@FILE` and `-` keep a value out of the list of processes;
/// `@@…` is a value that begins with `@`.
fn parameter(text: &str) -> Result<(&str, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("'{text}' is not of the form NAME=VALUE"))?;
    let bytes = match value.strip_prefix('@') {
        None if value == "-" => terminal::standard_input(VALUE_LIMIT)
            .map_err(|why| format!("'{name}': standard input {why}"))?,
        None => return Ok((name, value.to_owned())),
        Some(rest) if rest.starts_with('@') => return Ok((name, rest.to_owned())),
        Some(path) => files::read(path.as_ref(), VALUE_LIMIT)
            .map_err(|why| format!("'{name}': {path} {why}"))?,
    };
    let text = String::from_utf8(bytes).map_err(|_| format!("'{name}' is not UTF-8"))?;
    // The line end that every editor and `echo` puts behind the last line.
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok((name, text.strip_suffix('\r').unwrap_or(text).to_owned()))
}

/// Asks whether to go on.
fn ask(method: &Method, what: &str) -> Result<(), Exit> {
    if !terminal::can_ask() {
        log::error!(
            "{} would {what}: it needs --yes where nobody can be asked",
            method.name
        );
        return Err(Exit::Usage);
    }
    match terminal::says_yes(&format!("{}: {what}? [y/N] ", method.name)) {
        true => Ok(()),
        false => {
            log::error!("nothing was sent");
            Err(Exit::Usage)
        }
    }
}

fn send(
    paths: &Paths,
    service: Service,
    method: &Method,
    account: &Account,
    checked: &Checked,
) -> Result<Reply, Failure> {
    let device = account.device(paths)?;
    let pairs = checked
        .pairs
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    let key = account.key.as_ref();
    let url = match service {
        Service::Skydns => request::skydns(&account.base_url, method.name, key, pairs),
        Service::Vpnki => request::vpnki(&account.base_url, method.name, key, pairs),
    };
    let client = Client::new(account.ca_file.as_ref(), clock::now().clock_is_set());
    client.get(&Get {
        url: &url,
        device: device.as_deref(),
        family: None,
        limit: COMMAND_LIMIT,
        timeout: TIMEOUT,
        accept: "application/json",
    })
}
