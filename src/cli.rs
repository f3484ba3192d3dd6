//! The command line, as argh reads it, and nothing else.

use std::time::Duration;

use argh::{EarlyExit, FromArgs};

use crate::sys::log::LogReader;
use wansync_core::config::duration;

/// Keeps this router's WAN address bound at SkyDNS, and watches its VPNKI tunnels.
#[derive(FromArgs, Debug)]
#[argh(help_triggers("-h", "--help", "help"))]
pub struct Arguments {
    /// configuration (/etc/config/wansync)
    #[argh(
        option,
        short = 'c',
        long = "config",
        arg_name = "FILE",
        default = "default_config()"
    )]
    pub config: String,

    /// where to remember things until a reboot (/var/run/wansync)
    #[argh(option, arg_name = "DIR", default = "default_state()")]
    pub state: String,

    /// where to remember things for ever (/etc/wansync)
    #[argh(option, arg_name = "DIR", default = "default_record()")]
    pub record: String,

    /// where ubusd listens (/var/run/ubus/ubus.sock)
    #[argh(option, arg_name = "SOCKET", default = "default_ubus()")]
    pub ubus: String,

    /// print the version and exit
    #[argh(switch)]
    pub version: bool,

    /// what to do
    #[argh(subcommand)]
    pub command: Option<Command>,
}

impl Arguments {
    /// Reads the words behind the program's name.
    ///
    /// # Errors
    /// A help was asked for, or something is wrong.
    #[inline(never)] // It is what argh writes for all commands.
    pub fn read(words: &[&str]) -> Result<Arguments, EarlyExit> {
        Arguments::from_args(&["wansync"], words)
    }
}

fn default_config() -> String {
    "/etc/config/wansync".to_owned()
}

fn default_state() -> String {
    "/var/run/wansync".to_owned()
}

fn default_record() -> String {
    "/etc/wansync".to_owned()
}

fn default_ubus() -> String {
    crate::sys::ubus::DEFAULT_SOCKET.to_owned()
}

/// The subcommands.
#[derive(FromArgs, Debug)]
#[argh(subcommand)]
pub enum Command {
    /// One pass.
    Once(OnceArguments),
    /// Passes for as long as it runs.
    Daemon(DaemonArguments),
    /// The hotplug entry.
    Event(EventArguments),
    /// The state of everything.
    Status(StatusArguments),
    /// What was before.
    History(HistoryArguments),
    /// A list of findings.
    Check(CheckArguments),
    /// All that a hotline wants to know.
    Report(ReportArguments),
    /// The meaning of a code.
    Explain(ExplainArguments),
    /// The owner's program, tried out.
    Notify(NotifyArguments),
    /// A method of SkyDNS.
    Skydns(SkydnsCall),
    /// A resource of VPNKI.
    Vpnki(VpnkiCall),
}

impl Command {
    /// The reader of what this subcommand logs.
    pub fn reader(&self) -> LogReader {
        match self {
            Command::Skydns(_) | Command::Vpnki(_) | Command::Report(_) => LogReader::Caller,
            // Cron has it written each minute, and what is wrong is in the log already.
            Command::Status(status) if status.output.is_some() => LogReader::Caller,
            Command::Daemon(_) => LogReader::Log,
            _ => LogReader::Printed,
        }
    }
}

/// One pass over addresses and tunnels: observe, decide, act, print, exit.
#[derive(FromArgs, Debug, Default)]
#[argh(subcommand, name = "once", help_triggers("-h", "--help", "help"))]
pub struct OnceArguments {
    /// send an address that is confirmed already, and wait neither for a backoff nor after
    /// a refusal; limits stand
    #[argh(switch)]
    pub force: bool,

    /// say what would be sent, and send and remember nothing
    #[argh(switch)]
    pub dry_run: bool,

    /// be a pass in the background, for which something asked
    #[argh(switch, hidden_help)]
    pub work: bool,

    /// only these sections
    #[argh(positional, arg_name = "SECTION")]
    pub sections: Vec<String>,
}

/// Stays, hears of every change as it happens, and does what is due. HUP reads
/// the configuration again, USR1 has everything looked at now.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "daemon", help_triggers("-h", "--help", "help"))]
pub struct DaemonArguments {
    /// be the process that updates these sections for it, or all
    #[argh(switch, hidden_help)]
    pub pass: bool,

    /// be the process that looks at this VPNKI account for it
    #[argh(option, arg_name = "NAME", hidden_help)]
    pub look: Option<String>,

    /// find the configuration on standard input
    #[argh(switch, hidden_help)]
    pub given: bool,

    /// the sections of --pass
    #[argh(positional, arg_name = "SECTION", hidden_help)]
    pub sections: Vec<String>,
}

/// The hotplug entry: reads ACTION, INTERFACE and DEVICE from the environment,
/// tells the daemon, or starts a pass in the background if it matters, and returns
/// at once.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "event", help_triggers("-h", "--help", "help"))]
pub struct EventArguments {
    /// be that pass in the background
    #[argh(switch, hidden_help)]
    pub work: bool,
}

/// What is observed and confirmed, each tunnel with its evidence, the last
/// decision and its reason, and what is due when.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "status", help_triggers("-h", "--help", "help"))]
pub struct StatusArguments {
    /// text, json, or prometheus
    #[argh(
        option,
        arg_name = "FORMAT",
        default = "StatusFormat::Text",
        from_str_fn(status_format)
    )]
    pub format: StatusFormat,

    /// show the text on the terminal, and draw it again every 2 s until Ctrl-C
    #[argh(switch)]
    pub watch: bool,

    /// write it to this file, which others may read, in place of standard output
    #[argh(option, arg_name = "FILE")]
    pub output: Option<String>,

    /// print one line as a plug-in of Nagios, and exit with 0 (OK), 1 (WARNING),
    /// 2 (CRITICAL) or 3 (UNKNOWN)
    #[argh(switch)]
    pub check: bool,

    /// only these sections, with --check
    #[argh(positional, arg_name = "SECTION")]
    pub sections: Vec<String>,
}

impl StatusArguments {
    /// Those of the status of all, as JSON.
    pub fn json() -> StatusArguments {
        StatusArguments {
            format: StatusFormat::Json,
            watch: false,
            output: None,
            check: false,
            sections: Vec::new(),
        }
    }
}

/// The form of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For Prometheus, in its text exposition format.
    Prometheus,
}

fn status_format(text: &str) -> Result<StatusFormat, String> {
    match text {
        "text" => Ok(StatusFormat::Text),
        "json" => Ok(StatusFormat::Json),
        "prometheus" => Ok(StatusFormat::Prometheus),
        _ => Err("it is text, json, or prometheus".to_owned()),
    }
}

/// Since when each section is as it is, what was before and why: a bar for each, up-time of
/// tunnels, and the list of changes since the boot. Times in which nothing was watched are
/// shown as such.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "history", help_triggers("-h", "--help", "help"))]
pub struct HistoryArguments {
    /// for this long, such as 90, 5m, 72h or 3d (all that is known)
    #[argh(option, arg_name = "DURATION", from_str_fn(duration))]
    pub since: Option<Duration>,

    /// text, or json
    #[argh(
        option,
        arg_name = "FORMAT",
        default = "TextOrJson::Text",
        from_str_fn(text_or_json)
    )]
    pub format: TextOrJson,

    /// only this section
    #[argh(positional, arg_name = "SECTION")]
    pub section: Option<String>,
}

fn duration(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| "it is a duration, such as 90, 5m, 72h or 3d".to_owned())
}

/// Checks the configuration with line numbers, then where the household's DNS questions
/// go, the clock, the CA file, name resolution, TLS, the key and the user, what the
/// resolver answers, and each tunnel's networks, far end, route and name at VPNKI.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "check", help_triggers("-h", "--help", "help"))]
pub struct CheckArguments {
    /// check the files alone, and ask nobody
    #[argh(switch)]
    pub offline: bool,

    /// check this configuration before it is put in place, and ask nobody, run nothing;
    /// - is standard input
    #[argh(option, arg_name = "FILE")]
    pub file: Option<String>,

    /// check in the background, and return at once
    #[argh(switch)]
    pub start: bool,

    /// print what the check in the background has found so far
    #[argh(switch)]
    pub result: bool,

    /// be that check in the background
    #[argh(switch, hidden_help)]
    pub work: bool,

    /// text, or json: an object for each finding
    #[argh(
        option,
        arg_name = "FORMAT",
        default = "TextOrJson::Text",
        from_str_fn(text_or_json)
    )]
    pub format: TextOrJson,

    /// tell OpenWrt's init script what the configuration asks of it, unless it
    /// has an error
    #[argh(switch, hidden_help)]
    pub service: bool,
}

/// The form of findings, or of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextOrJson {
    /// For people.
    Text,
    /// For programs.
    Json,
}

fn text_or_json(text: &str) -> Result<TextOrJson, String> {
    match text {
        "text" => Ok(TextOrJson::Text),
        "json" => Ok(TextOrJson::Json),
        _ => Err("it is text or json".to_owned()),
    }
}

/// Says what a reason's code means, as 'status --format json' has it, and what to do about
/// it. Without one it lists all codes.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "explain", help_triggers("-h", "--help", "help"))]
pub struct ExplainArguments {
    /// the code, such as wait.hold_down
    #[argh(positional, arg_name = "CODE")]
    pub code: Option<String>,
}

/// Runs the program of 'option notify' of a section as for a change, which is made up, and
/// shows what it printed and how it ended.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "notify", help_triggers("-h", "--help", "help"))]
pub struct NotifyArguments {
    /// the state that is told of (unconfirmed, or a tunnel's down)
    #[argh(option, arg_name = "STATE")]
    pub new: Option<String>,

    /// say what it would be told, and do not run it
    #[argh(switch)]
    pub dry_run: bool,

    /// the section
    #[argh(positional, arg_name = "SECTION")]
    pub section: String,
}

/// One text for a forum or a hotline: versions, the configuration, the status, what a check
/// finds, networks, the log, and replies that were not understood. Keys are left out, logins
/// have stand-ins.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "report", help_triggers("-h", "--help", "help"))]
pub struct ReportArguments {
    /// stand-ins for public addresses, MACs and the names of hosts, too
    #[argh(switch)]
    pub anonymous: bool,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For spreadsheets and scripts.
    Csv,
}

fn format(text: &str) -> Result<Format, String> {
    match text {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        "csv" => Ok(Format::Csv),
        _ => Err("it is text, json, or csv".to_owned()),
    }
}

/// Both services are called alike, but argh cannot share options between commands.
macro_rules! call {
    (
        $(#[$doc:meta])* $name:ident, $command:tt, $usage:tt
        $(, any: $(#[$any_doc:meta])* $any:ident)?
        $(, fields: { $($fields:tt)* })?
    ) => {
        $(#[$doc])*
        #[derive(FromArgs, Debug)]
        #[argh(subcommand, name = $command, usage = $usage, help_triggers("-h", "--help", "help"))]
        pub struct $name {
            /// list everything that can be asked for
            #[argh(switch)]
            pub list: bool,

            $(
                $(#[$any_doc])*
                #[argh(switch)]
                pub $any: bool,
            )?

            $($($fields)*)?

            /// take key and URL from this section of the configuration
            #[argh(option, arg_name = "NAME")]
            pub section: Option<String>,

            /// take the key from this file, and need no configuration
            #[argh(option, arg_name = "FILE")]
            pub key_file: Option<String>,

            /// the service's URL, if it is not the usual one; the key of the
            /// configuration goes there only with --section
            #[argh(option, arg_name = "URL")]
            pub base_url: Option<String>,

            /// text, json, or csv
            #[argh(option, arg_name = "FORMAT", default = "Format::Text", from_str_fn(format))]
            pub format: Format,

            /// print the reply as it came, without secrets
            #[argh(switch)]
            pub raw: bool,

            /// do not ask before something is deleted, blocked or replaced, or an address
            /// bound that is not public
            #[argh(switch)]
            pub yes: bool,

            /// write what is secret in the reply to this file, for its owner alone
            #[argh(option, arg_name = "FILE")]
            pub output: Option<String>,

            /// what to ask for, as --list names it, and then its parameters:
            /// NAME=@FILE reads the value from a file, NAME=- from standard input
            /// (or asks for it on a terminal), NAME=@@TEXT is @TEXT
            #[argh(positional, arg_name = "METHOD…")]
            pub words: Vec<String>,
        }

        impl $name {
            /// The options that both services share.
            pub fn as_call(&self) -> ServiceCall<'_> {
                ServiceCall {
                    list: self.list,
                    any: false $(|| self.$any)?,
                    section: self.section.as_deref(),
                    key_file: self.key_file.as_deref(),
                    base_url: self.base_url.as_deref(),
                    format: self.format,
                    raw: self.raw,
                    yes: self.yes,
                    output: self.output.as_deref(),
                    words: &self.words,
                }
            }
        }
    };
}

call! {
    /// Any method of SkyDNS's provider API. 'wansync skydns METHOD --help' tells
    /// what it takes, '--list' what there is.
    SkydnsCall, "skydns", "METHOD [NAME=VALUE...] [options]",
    fields: {
        /// call the method once for each row of this CSV file, whose columns are
        /// parameters; - is standard input
        #[argh(option, arg_name = "FILE")]
        pub each: Option<String>,

        /// with --each: the columns that are used, as in ident=login,plan
        #[argh(option, arg_name = "LIST")]
        pub columns: Option<String>,

        /// with --each: the most rows under way at once (4)
        #[argh(option, arg_name = "N")]
        pub at_once: Option<usize>,

        /// with --each: go on after an interruption
        #[argh(switch)]
        pub resume: bool,

        /// with --each: where it is remembered which rows are done
        /// (FILE.METHOD.journal)
        #[argh(option, arg_name = "FILE")]
        pub journal: Option<String>,
    }
}

impl SkydnsCall {
    /// The options of a call for each row of a table, if it is one.
    ///
    /// # Errors
    /// One of them stands without `--each`.
    pub fn as_each(&self) -> Result<Option<EachOptions<'_>>, &'static str> {
        let Some(file) = self.each.as_deref() else {
            let others = [
                (self.columns.is_some(), "--columns is for --each"),
                (self.at_once.is_some(), "--at-once is for --each"),
                (self.resume, "--resume is for --each"),
                (self.journal.is_some(), "--journal is for --each"),
            ];
            let wrong = others.iter().find(|(is_given, _)| *is_given);
            return wrong.map_or(Ok(None), |(_, why)| Err(*why));
        };
        Ok(Some(EachOptions {
            file,
            columns: self.columns.as_deref(),
            at_once: self.at_once.unwrap_or(DEFAULT_AT_ONCE),
            resume: self.resume,
            journal: self.journal.as_deref(),
        }))
    }
}

/// The connections of a call for each row of a table.
const DEFAULT_AT_ONCE: usize = 4;

/// The options of a call for each row of a table.
#[derive(Debug)]
pub struct EachOptions<'a> {
    /// `--each`
    pub file: &'a str,
    /// `--columns`
    pub columns: Option<&'a str>,
    /// `--at-once`
    pub at_once: usize,
    /// `--resume`
    pub resume: bool,
    /// `--journal`
    pub journal: Option<&'a str>,
}

call! {
    /// Any resource of VPNKI's API. 'wansync vpnki RESOURCE --help' tells what it
    /// takes, '--list' what there is.
    VpnkiCall, "vpnki", "RESOURCE [NAME=VALUE...] [options]",
    any:
    /// pass on a resource that --list does not name, or parameters that its help
    /// does not; neither is checked, so it asks first
    any
}

/// The options that [`SkydnsCall`] and [`VpnkiCall`] have in common: all of them.
#[derive(Debug)]
pub struct ServiceCall<'a> {
    /// `--list`
    pub list: bool,
    /// `--any`
    pub any: bool,
    /// `--section`
    pub section: Option<&'a str>,
    /// `--key-file`
    pub key_file: Option<&'a str>,
    /// `--base-url`
    pub base_url: Option<&'a str>,
    /// `--format`
    pub format: Format,
    /// `--raw`
    pub raw: bool,
    /// `--yes`
    pub yes: bool,
    /// `--output`
    pub output: Option<&'a str>,
    /// The method's name, and what stands behind it.
    pub words: &'a [String],
}

#[cfg(test)]
mod tests {
    use argh::SubCommands;
    use wansync_core::text::completion;

    use super::Command;

    #[test]
    fn the_completion_has_every_command() {
        let names = Command::COMMANDS.iter().map(|command| command.name);
        assert_eq!(names.collect::<Vec<_>>(), completion::COMMANDS);
    }
}
