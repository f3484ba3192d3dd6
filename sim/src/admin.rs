//! The simulator's own pages under `/_sim/`, for shell scripts: no part of either
//! service. Plain http only, so that no fault of TLS can shut them out.

use std::time::Duration;

use serde_json::{Value, json};

use crate::day::day;
use crate::fault_table;
use crate::faults::{Fault, Times};
use crate::http::{Incoming, Reply};
use crate::query;
use crate::shared::Shared;
use crate::state;
use crate::vpnki::{Style, Tunnel, Vpnki};

/// The path of the pages.
pub(crate) const BASE: &str = "/_sim/";
/// A page that answers with the client's address and nothing else, for sources
/// that ask the web. It meets faults like the services do.
pub(crate) const ECHO: &str = "/ip";

type Page = fn(&Shared, &Incoming) -> Result<Value, String>;

/// Name, parameters, what it does, and the function.
const PAGES: &[(&str, &str, &str, Page)] = &[
    ("requests", "", "what was received, keys hidden", requests),
    (
        "connections",
        "",
        "connections with TLS faults or failed handshakes",
        connections,
    ),
    (
        "wait",
        "requests=N&timeout=MS",
        "returns when so many requests are recorded",
        wait,
    ),
    ("state", "", "users, what they have, mail, tunnels", state),
    ("clear", "", "forgets requests and faults", clear),
    (
        "reset",
        "",
        "forgets all of that, and bindings and tunnels too",
        reset,
    ),
    (
        "fault",
        "set=FAULT&times=N|all&for=PART",
        "queues a fault for requests whose address contains PART",
        fault,
    ),
    ("fault", "clear=1", "forgets all faults", fault),
    ("key", "add=KEY | remove=KEY", "what SkyDNS accepts", key),
    (
        "user",
        "login=LOGIN&profiles=ID=NAME,…",
        "a user of the provider",
        user,
    ),
    (
        "echo",
        "set=TEXT",
        "what /ip answers; without set, the client's address",
        echo,
    ),
    (
        "skydns",
        "language=ru|en&today=YYYY-MM-DD&vpn_limit=N&fill=ROWS",
        "how SkyDNS is set up; what is not given stays; fill= makes every list at least so long",
        skydns,
    ),
    (
        "vpnki",
        "envelope=V&rows=SHAPE&active_fields=WHICH&name=FIELD&address=FIELD&real_status=0|1&dates=FORM&deleted=FORM&not_added=FORM&priority=0|1&limit=N&fill=ROWS&tunnels=NAME:ADDRESS:COMMENT,…&active=NAME,…",
        "how VPNKI answers; what is not given stays; active= repeated is a list a request",
        vpnki,
    ),
];

/// Answers a request whose path begins with [`BASE`].
pub(crate) fn answer(shared: &Shared, request: &Incoming) -> Reply {
    let name = request.path.trim_start_matches(BASE);
    if name.is_empty() {
        return Reply::text(200, help());
    }
    let Some((.., page)) = PAGES.iter().find(|(known, ..)| *known == name) else {
        return Reply::text(404, help());
    };
    let outcome = match request.careless.clone() {
        Some(cause) => Err(cause),
        None => page(shared, request),
    };
    match outcome {
        Ok(value) => Reply::json(200, format!("{value:#}\n")),
        Err(cause) => Reply::text(400, format!("{cause}\n")),
    }
}

/// The simulator's own pages and its faults, as text for people.
pub fn help() -> String {
    let mut text = String::from("The simulator's own pages, on the http port:\n");
    for (name, parameters, what, _) in PAGES {
        let mark = if parameters.is_empty() { "" } else { "?" };
        text.push_str(&format!("  {BASE}{name}{mark}{parameters}\n      {what}\n"));
    }
    text.push('\n');
    text + &fault_table::help()
}

fn requests(shared: &Shared, _: &Incoming) -> Result<Value, String> {
    let requests = shared.journal.requests();
    Ok(requests.iter().map(|request| request.to_json()).collect())
}

fn connections(shared: &Shared, _: &Incoming) -> Result<Value, String> {
    let connections = shared.journal.connections();
    Ok(connections.iter().map(|one| one.to_json()).collect())
}

fn wait(shared: &Shared, request: &Incoming) -> Result<Value, String> {
    let count = number(request, "requests", 1)?;
    let slice = Duration::from_millis(50);
    let slices = number(request, "timeout", 10_000)? / 50 + 1;
    let came = || shared.stop.is_stopped() || shared.journal.wait_for_requests(count, slice);
    let _ = (0..slices).any(|_| came());
    let found = shared.journal.requests().len();
    let enough = (found >= count).then(|| json!(found));
    enough.ok_or(format!("only {found} requests came"))
}

fn number(request: &Incoming, name: &str, default: usize) -> Result<usize, String> {
    let text = request.param(name);
    text.map_or(Ok(default), |text| count(name, text))
}

fn count(name: &str, text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{name} is not a number"))
}

fn state(shared: &Shared, _: &Incoming) -> Result<Value, String> {
    let world = shared.world();
    Ok(json!({
        "users": world.users,
        "skydns": world.settings,
        "mails": world.mails,
        "vpnki": {
            "style": world.vpnki.style,
            "tunnels": world.vpnki.tunnels,
            "sessions": world.vpnki.sessions,
            "active": world.vpnki.active,
        },
        "faults_waiting": shared.plan().waiting(),
    }))
}

fn clear(shared: &Shared, _: &Incoming) -> Result<Value, String> {
    shared.plan().clear();
    shared.journal.clear();
    Ok(json!("ok"))
}

fn reset(shared: &Shared, request: &Incoming) -> Result<Value, String> {
    shared.reset_world();
    clear(shared, request)
}

fn fault(shared: &Shared, request: &Incoming) -> Result<Value, String> {
    if request.param("clear").is_some() {
        shared.plan().clear();
    }
    let times = match request.param("times") {
        Some("all") => Times::All,
        _ => Times::Next(number(request, "times", 1)?),
    };
    let specs = request.params.iter().filter(|(name, _)| name == "set");
    let faults: Result<Vec<Fault>, String> = specs.map(|(_, spec)| spec.parse()).collect();
    for fault in faults? {
        shared.plan().add(fault, times, request.param("for"));
    }
    Ok(json!({ "faults_waiting": shared.plan().waiting() }))
}

fn key(shared: &Shared, request: &Incoming) -> Result<Value, String> {
    let mut world = shared.world();
    if let Some(key) = request.param("remove") {
        world.keys.remove(key);
    }
    if let Some(key) = request.param("add") {
        world
            .keys
            .insert(key.to_owned(), state::PROVIDER.to_owned());
    }
    Ok(json!({ "keys": world.keys.len() }))
}

fn user(shared: &Shared, request: &Incoming) -> Result<Value, String> {
    let login = request.param("login").ok_or("login is missing")?;
    let profiles = query::parse_profiles(request.param("profiles").unwrap_or(""))?;
    let profiles: Vec<_> = profiles
        .iter()
        .map(|(id, name)| (*id, name.as_str()))
        .collect();
    shared.world().add_user(state::PROVIDER, login, &profiles);
    Ok(json!("ok"))
}

fn echo(shared: &Shared, request: &Incoming) -> Result<Value, String> {
    shared.world().echo = request.param("set").map(str::to_owned);
    Ok(json!("ok"))
}

fn skydns(shared: &Shared, request: &Incoming) -> Result<Value, String> {
    let mut world = shared.world();
    let mut changed = world.settings.clone();
    for (name, value) in &request.params {
        match name.as_str() {
            "language" => changed.language = value.parse()?,
            "today" => changed.today = Some(day(value).ok_or("today is not a day")?),
            "vpn_limit" => changed.vpn_limit = count(name, value)?,
            "fill" => changed.fill = count(name, value)?,
            _ => return Err(format!("no parameter is named {name}")),
        }
    }
    world.settings = changed;
    Ok(json!("ok"))
}

fn vpnki(shared: &Shared, request: &Incoming) -> Result<Value, String> {
    let mut world = shared.world();
    let mut changed = world.vpnki.clone();
    change(&mut changed, request)?;
    world.vpnki = changed;
    Ok(json!("ok"))
}

fn change(vpnki: &mut Vpnki, request: &Incoming) -> Result<(), String> {
    let Style {
        envelope,
        rows,
        active_fields,
        name_field,
        address_field,
        real_status,
        dates,
        deleted,
        not_added,
    } = &mut vpnki.style;
    let lists = request.params.iter().filter(|(name, _)| name == "active");
    let lists = lists.map(|(_, names)| query::split_list(names)).collect();
    for (name, value) in &request.params {
        match name.as_str() {
            "envelope" => *envelope = value.parse()?,
            "rows" => *rows = value.parse()?,
            "active_fields" => *active_fields = value.parse()?,
            "name" => *name_field = value.clone(),
            "address" => *address_field = value.clone(),
            "real_status" => *real_status = value == "1",
            "dates" => *dates = value.parse()?,
            "deleted" => *deleted = value.parse()?,
            "not_added" => *not_added = value.parse()?,
            "priority" => vpnki.priority = value == "1",
            "limit" => vpnki.limit = count(name, value)?,
            "fill" => vpnki.fill = count(name, value)?,
            "tunnels" => vpnki.tunnels = tunnels(value),
            "active" => vpnki.active = std::collections::VecDeque::clone(&lists),
            _ => return Err(format!("no parameter is named {name}")),
        }
    }
    Ok(())
}

fn tunnels(text: &str) -> Vec<Tunnel> {
    let one = |part: String| {
        let mut fields = part.splitn(3, ':').map(str::to_owned);
        let mut field = || fields.next().unwrap_or_default();
        Tunnel {
            name: field(),
            address: field(),
            comment: field(),
        }
    };
    query::split_list(text).into_iter().map(one).collect()
}
