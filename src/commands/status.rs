//! `wansync status`: what is observed and confirmed, how each tunnel is, and
//! what is due when.
//!
//! Sources that cost nothing to ask are asked now; what only a request over the
//! Internet or a program could tell is shown as the last pass saw it. So are
//! tunnels, of which a running daemon knows more than it has written: it is
//! asked to write first.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::output::{Output, screen};
use crate::agent::filtering::judge_household;
use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_of};
use crate::agent::recall::{Access, remembered_state};
use crate::cli::{StatusArguments, StatusFormat};
use crate::exit::Exit;
use crate::sys::digest::sha256;
use crate::sys::http::HttpClient;
use crate::sys::lock::PassLock;
use crate::sys::store::Store;
use crate::sys::{clock, control, files, os_error, terminal};
use wansync_core::config::{Config, Content, Section, Skydns, Source};
use wansync_core::filtering::profile_test::ProfileTest;
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::reason::address::AbortReason;
use wansync_core::reason::daemon::OtherConfig;
use wansync_core::reason::state::StateReason;
use wansync_core::reconcile::{address_to_show, with_hold_down};
use wansync_core::record::Record;
use wansync_core::source::claims::Claims;
use wansync_core::state::SectionState;
use wansync_core::text::finding::FindingView;
use wansync_core::text::frame::frame;
use wansync_core::text::plugin::{self, Level};
use wansync_core::text::prometheus;
use wansync_core::text::status::tunnel::TunnelView;
use wansync_core::text::status::{SectionView, StatusView, is_overdue, text};
use wansync_core::time::Now;

/// The longest wait for the daemon to write what it knows.
const CONTROL_TIMEOUT: Duration = Duration::from_secs(2);
/// The pause between two drawings of `--watch`.
const REDRAW_INTERVAL: Duration = Duration::from_secs(2);

/// Runs it.
pub fn run(paths: &Paths, status: &StatusArguments, out: &Output) -> Exit {
    if status.check {
        return check_status(paths, status, out);
    }
    if let Some(name) = status.sections.first() {
        log::error!("status takes the name of a section ('{name}') with --check only");
        return Exit::Usage;
    }
    if status.watch {
        return watch_status(paths, status);
    }
    let (exit, mut view) = match collect_view(paths) {
        Ok(view) => (Exit::Done, view),
        Err((exit, why)) => {
            log::error!("{why}");
            if status.format != StatusFormat::Json {
                return exit;
            }
            // A page has to show something.
            let problem = FindingView::of_section("fail", &why, None, &[]);
            (exit, StatusView::of_nothing(clock::now(), vec![problem]))
        }
    };
    let shown = match status.format {
        StatusFormat::Text => text(&view),
        StatusFormat::Json => json_within(&mut view, out.room()),
        StatusFormat::Prometheus => prometheus::metrics(&view),
    };
    let shown = shown.trim_end();
    let written = match &status.output {
        Some(path) => write_status(path, shown),
        None => {
            out.line(shown);
            Exit::Done
        }
    };
    exit.or(written)
}

/// The JSON. Where `room` is too little for it and the end of its line, its lists are cut.
fn json_within(view: &mut StatusView, room: usize) -> String {
    loop {
        let json = serde_json::to_string(view).unwrap_or_default();
        if json.len() + 1 < room || !view.cut() {
            return json;
        }
    }
}

fn write_status(path: &str, shown: &str) -> Exit {
    let text = format!("{shown}\n");
    match files::replace_public(path.as_ref(), text.as_bytes()) {
        Ok(()) => Exit::Done,
        Err(error) => {
            log::error!("cannot write {path}: {}", os_error::describe(&error));
            Exit::OutputLost
        }
    }
}

/// Prints it as a plug-in does. Whatever is wrong is in that one line, and never ends with
/// a code that is none of a plug-in's.
fn check_status(paths: &Paths, status: &StatusArguments, out: &Output) -> Exit {
    let checked = match collect_view(paths) {
        _ if status.watch || status.output.is_some() || status.format != StatusFormat::Text => {
            Err("--check goes with none of --watch, --output and --format".to_owned())
        }
        Ok(view) => unknown_section(paths, &view, &status.sections).map_or(Ok(view), Err),
        Err((_, why)) => Err(why.to_string()),
    };
    let (level, line) = match checked {
        Ok(view) => plugin::report(&view, &status.sections),
        Err(why) => (Level::Unknown, plugin::line(Level::Unknown, &why)),
    };
    out.line(&line);
    level.into()
}

/// The first of these names that is none of a section, in words.
fn unknown_section(paths: &Paths, view: &StatusView, chosen: &[String]) -> Option<String> {
    let mut known: Vec<&str> = view.disabled.iter().map(String::as_str).collect();
    known.extend(view.skydns.iter().map(|section| &*section.section));
    known.extend(view.tunnels.iter().map(|tunnel| &*tunnel.section));
    let name = chosen.iter().find(|name| !known.contains(&name.as_str()))?;
    Some(paths.no_section(name, &known).to_string())
}

/// The text for people.
///
/// # Errors
/// Why nothing can be shown.
pub(super) fn text_of(paths: &Paths) -> Result<String, String> {
    let view = collect_view(paths).map_err(|(_, why)| why.to_string())?;
    Ok(text(&view))
}

/// Draws it until Ctrl-C, which needs no care: see [`frame`].
fn watch_status(paths: &Paths, status: &StatusArguments) -> Exit {
    let wrong = match status.format {
        _ if status.output.is_some() => Some("there is none in a file"),
        _ if !terminal::is_output_terminal() => Some("there is none"),
        StatusFormat::Text => None,
        StatusFormat::Json | StatusFormat::Prometheus => Some("it shows text"),
    };
    if let Some(why) = wrong {
        log::error!("--watch is for a person at a terminal: {why}");
        return Exit::Usage;
    }
    loop {
        // What is wrong may be put right while someone watches.
        let now = match collect_view(paths) {
            Ok(view) => text(&view),
            Err((_, why)) => why.to_string(),
        };
        let now = format!("{}\n(every 2 s until Ctrl-C)\n", now.trim_end());
        let drawn = terminal::write_all_now(&frame(&now, screen(), terminal::rows()));
        if drawn.is_err() {
            // The terminal is gone.
            return Exit::Done;
        }
        clock::sleep(REDRAW_INTERVAL);
    }
}

/// Asks a running daemon to write what it knows, and waits until it has. Without
/// one nothing is done: what is written is all that is known.
pub(super) fn ask_daemon_to_write(paths: &Paths, used: &UsedConfig) {
    if used.daemon_runs == Some(false) {
        return;
    }
    // Whether it did or not, what is written is shown.
    let _ = control::send_request(&paths.state, "status", CONTROL_TIMEOUT);
}

/// # Errors
/// Why nothing can be shown, and the exit code for it.
fn collect_view(paths: &Paths) -> Result<StatusView, (Exit, Reason)> {
    let store = paths.store();
    let used = config_in_use(paths)?;
    store.check_readable().map_err(|why| (Exit::Later, why))?;
    ask_daemon_to_write(paths, &used);
    let UsedConfig {
        config,
        mut problems,
        other,
        daemon_runs,
    } = used;
    let now = clock::now();
    let errors = problems.iter().filter(|it| it.is_error()).count();
    let unwritable = store.check_state_writable().err();
    let is_state_writable = unwritable.is_none();
    let unwritable = unwritable.map(|why| Reason::from(&AbortReason::CannotRemember(why)));
    let mut warnings = Vec::new();
    for reason in other.iter().map(Reason::from).chain(unwritable) {
        warnings.push(reason.to_string());
        problems.push(FindingView::of_section("warn", &reason, None, &[]));
    }
    let done_ago = PassLock::of_passes(&paths.state).last_done_ago();
    Ok(StatusView {
        mode: Some(config.main.mode),
        daemon_runs,
        skydns: section_views(paths, &config, &store, (now, done_ago)),
        tunnels: tunnel_views(&config, &store, now),
        filtering: judge_household(paths, &config),
        warnings,
        is_enabled: config.main.enabled,
        errors,
        is_state_writable,
        disabled: disabled_sections(&config),
        overdue: done_ago.filter(|ago| is_overdue(*ago, config.main.interval)),
        ..StatusView::of_nothing(now, problems)
    })
}

fn disabled_sections(config: &Config) -> Vec<String> {
    let mut names = Vec::new();
    for section in &config.skydns {
        if matches!(section.content, Content::Disabled) {
            names.push(section.name.clone());
        }
    }
    for section in &config.tunnels {
        if matches!(section.content, Content::Disabled) {
            names.push(section.name.clone());
        }
    }
    names
}

/// The configuration that is acted upon.
pub(super) struct UsedConfig {
    pub(super) config: Config,
    /// The problems of the file.
    problems: Vec<FindingView>,
    /// The reason for which it is not that of the file.
    other: Option<OtherConfig>,
    /// See [`StatusView::daemon_runs`].
    daemon_runs: Option<bool>,
}

/// The configuration of the file or, where the daemon uses another, that one.
pub(super) fn config_in_use(paths: &Paths) -> Result<UsedConfig, (Exit, Reason)> {
    let text = paths.read();
    let config = text.clone().and_then(|text| paths.parse(&text));
    let file = paths.config_name();
    let mut problems = Vec::new();
    let first_error = match &config {
        Err(why) => {
            problems.push(FindingView::of_section("fail", why, None, &[]));
            Some(why.clone())
        }
        Ok(config) => {
            let types = config.section_types();
            for problem in &config.problems {
                problems.push(FindingView::of_problem(problem, &types));
            }
            let first = config.problems.iter().find(|problem| problem.is_error());
            first.map(|problem| problem.in_file(file.clone()))
        }
    };
    let answer = ask_daemon_for_config(paths);
    let daemon_runs = answer.as_ref().ok().map(Option::is_some);
    let used = answer.ok().flatten();
    let used = used.filter(|used| !used.is_empty() && text.as_deref() != Ok(used.as_bytes()));
    let used = used.and_then(|used| paths.parse(used.as_bytes()).ok());
    let other = used.is_some().then_some(match first_error {
        Some(problem) => OtherConfig::Refused { problem },
        None => OtherConfig::Changed { file },
    });
    let config = match used {
        Some(used) => used,
        None => config.map_err(|why| (Exit::Config, why))?,
    };
    Ok(UsedConfig {
        config,
        problems,
        other,
        daemon_runs,
    })
}

/// The text of the configuration that a running daemon uses, as far as it says.
pub(super) fn daemons_text(paths: &Paths) -> Option<String> {
    let text = ask_daemon_for_config(paths).ok()??;
    Some(text).filter(|text| !text.is_empty())
}

/// The text of the configuration of a running daemon: empty if it does not say, and `None`
/// without a daemon.
fn ask_daemon_for_config(paths: &Paths) -> io::Result<Option<String>> {
    let reply = control::send_request(&paths.state, "config", CONTROL_TIMEOUT)?;
    Ok(reply.map(|reply| {
        reply
            .strip_prefix("config\n")
            .unwrap_or_default()
            .to_owned()
    }))
}

/// The sources of the views of all sections.
struct Sources<'a> {
    observer: Observer<'a>,
    store: &'a Store,
    record: Record,
    access: Access<'a>,
    next_check: Duration,
    now: Now,
}

fn section_views(
    paths: &Paths,
    config: &Config,
    store: &Store,
    (now, done_ago): (Now, Option<Duration>),
) -> Vec<SectionView> {
    let client = HttpClient::new(config.main.ca_file.as_ref(), false);
    let interval = config.main.interval;
    let sources = Sources {
        observer: Observer::new(&paths.ubus, &client),
        store,
        record: store.record(),
        access: Access::new(&config.main),
        next_check: done_ago.map_or(Duration::ZERO, |ago| interval.saturating_sub(ago)),
        now,
    };
    let mut views = Vec::new();
    for Section { name, content, .. } in &config.skydns {
        match content {
            Content::Disabled => {}
            Content::Wrong => views.push(SectionView::wrong(name, reason!(SectionWrong))),
            Content::Ready(skydns) => views.push(section_view(name, skydns, &sources)),
        }
    }
    with_rivals(config, views)
}

/// The views, with a warning on each that has the address of another user.
fn with_rivals(config: &Config, mut views: Vec<SectionView>) -> Vec<SectionView> {
    let mut claims = Claims::default();
    for (name, section) in config.ready_sections() {
        let view = views.iter().find(|view| view.section == name);
        let address = view.and_then(|view| view.observed.or(view.confirmed));
        claims.add(name, section, address);
    }
    for view in &mut views {
        let rival = claims.rival_of(&view.section);
        view.warning = rival.as_ref().map(Reason::from).unwrap_or_default();
    }
    views
}

fn section_view(name: &str, section: &Skydns, sources: &Sources<'_>) -> SectionView {
    let key = match key_of(name, &section.key) {
        Ok(key) => key,
        Err(problem) => return SectionView::wrong(name, problem.reason),
    };
    let (stored, sending) = stored_state(name, sources.store);
    let (entry, now) = (sources.record.entry(name), sources.now);
    let state = remembered_state(stored, entry, section, key.as_ref(), sources.access, now);
    let observed = observed_address(section, &state, &sources.observer);
    let state = with_hold_down(state, observed, now.boot);
    let mut view = SectionView::of(name, section, state, sending, sources.next_check, now);
    view.observed = observed;
    view.profile_test = profile_test(name, section, sources.store, now);
    view
}

/// What `wansync check` found last, if it would ask the same today.
fn profile_test(
    name: &str,
    section: &Skydns,
    store: &Store,
    now: Now,
) -> Option<(ProfileTest, Duration)> {
    let test = store.profile_test(name)?;
    let age = now.boot.since(test.asked);
    test.is_of(section).then_some((test, age))
}

/// The state of a section since this boot and, if it is being sent now, that it is.
fn stored_state(name: &str, store: &Store) -> (Option<SectionState>, Option<Reason>) {
    let mut stored = store.section_state(name);
    let reason = |state: &Option<SectionState>| {
        let is_being_sent = store.is_being_sent(name);
        StateReason::of_pending(state.as_ref()?, is_being_sent)
    };
    let mut pending = reason(&stored);
    if let Some(StateReason::Interrupted(_)) = pending {
        // The send may have ended between the two looks.
        stored = store.section_state(name);
        pending = reason(&stored);
    }
    let sending = pending.filter(|reason| matches!(reason, StateReason::Sending(_)));
    (stored, sending.map(|reason| Reason::from(&reason)))
}

fn observed_address(
    section: &Skydns,
    state: &SectionState,
    observer: &Observer<'_>,
) -> Option<IpAddr> {
    match section.source {
        Source::Web(_) | Source::Command { .. } => state.observed,
        Source::Network(_) | Source::Interface(_) | Source::Static(_) => {
            let confirmed = state.confirmed.map(|c| c.address);
            address_to_show(&observer.observe(section), section.policy.family, confirmed)
        }
    }
}

fn tunnel_views(config: &Config, store: &Store, now: Now) -> Vec<TunnelView> {
    let mut views = Vec::new();
    for Section { name, content, .. } in &config.tunnels {
        match content {
            Content::Disabled => {}
            Content::Wrong => views.push(TunnelView::wrong(name)),
            Content::Ready(tunnel) => {
                let state = store.tunnel_state(name).unwrap_or_default();
                let state = state
                    .for_config(&tunnel.fingerprint(sha256))
                    .clamp_future_times(now.boot);
                let recheck = config.main.interval;
                views.push(TunnelView::of(name, tunnel, &state, recheck, now.boot));
            }
        }
    }
    views
}
