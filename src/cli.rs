//! The command line, as argh reads it, and nothing else.

use argh::FromArgs;

/// Keeps this router's WAN address bound at SkyDNS.
#[derive(FromArgs, Debug)]
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
    crate::sys::ubus::SOCKET.to_owned()
}

/// What to do.
#[derive(FromArgs, Debug)]
#[argh(subcommand)]
pub enum Command {
    /// One pass.
    Once(Once),
    /// The hotplug entry.
    Event(Event),
    /// What is going on.
    Status(Status),
    /// What is wrong.
    Check(Check),
}

/// One pass: observe, decide, act, print, exit.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "once")]
pub struct Once {
    /// send an address that is confirmed already, and wait for no backoff
    #[argh(switch)]
    pub force: bool,

    /// say what would be sent, and send and remember nothing
    #[argh(switch)]
    pub dry_run: bool,

    /// only these sections
    #[argh(positional, arg_name = "SECTION")]
    pub sections: Vec<String>,
}

/// The hotplug entry: reads ACTION, INTERFACE and DEVICE from the environment,
/// starts a pass in the background if it matters, and returns at once.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "event")]
pub struct Event {
    /// be that pass in the background
    #[argh(switch, hidden_help)]
    pub work: bool,
}

/// What is observed and confirmed, the last decision and its reason, and what
/// is due when.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "status")]
pub struct Status {
    /// text or json
    #[argh(
        option,
        arg_name = "FORMAT",
        default = "Format::Text",
        from_str_fn(format)
    )]
    pub format: Format,
}

/// Checks the configuration with line numbers, then the clock, the CA file,
/// name resolution, TLS, the key and the user.
#[derive(FromArgs, Debug)]
#[argh(subcommand, name = "check")]
pub struct Check {
    /// check the configuration alone
    #[argh(switch)]
    pub offline: bool,
}

/// For whom the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

fn format(text: &str) -> Result<Format, String> {
    match text {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err("it is text or json".to_owned()),
    }
}
