//! Completion for bash, from the tables of methods. (The shell of OpenWrt,
//! busybox ash, has none.)
//!
//! ```
//! use wansync_core::text::completion;
//!
//! let script = completion::bash();
//! assert!(script.ends_with("complete -o default -F _wansync wansync\n"));
//! ```

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::help::APIS;
use crate::service::method::Method;

/// Bash reads `NAME=VALUE` as three words. The words before the unfinished one
/// are gone through; each that is known where it stands says what may follow,
/// and the others are options and values.
const HEAD: &str = "\
# bash completion of wansync, generated from its tables
_wansync() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    [[ $word == = || $before == = ]] && return
";

const LOOP: &str = "    for ((i = 1; i < COMP_CWORD; i++)); do
        case $at:${COMP_WORDS[i]} in
";

const TAIL: &str = "        esac
    done
    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))
    [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -o default -F _wansync wansync
";

/// The program's commands, as its command line lists them.
pub const COMMANDS: [&str; 11] = [
    "once", "daemon", "event", "status", "history", "check", "report", "explain", "notify",
    "skydns", "vpnki",
];

/// The options of the commands without a table.
const OPTIONS: [(&str, &str); 6] = [
    ("status", "--format --watch --output --check"),
    ("history", "--since --format"),
    ("once", "--force --dry-run"),
    ("check", "--offline --file --start --result --format"),
    ("report", "--anonymous"),
    ("notify", "--new --dry-run"),
];

/// The text of a completion for bash.
pub fn bash() -> String {
    let mut out = HEAD.to_owned();
    out.push_str(&format!("    local i at= words='{}'\n", COMMANDS.join(" ")));
    out.push_str(LOOP);
    for api in &APIS {
        let names: Vec<&str> = api.methods.iter().map(|method| method.name).collect();
        let names = names.join(" ");
        push_case(
            &mut out,
            "",
            api.command,
            api.command,
            &format!("{} {names}", api.options),
        );
        push_case(&mut out, api.command, "--any", "any", "");
        for method in api.methods {
            push_case(
                &mut out,
                api.command,
                method.name,
                "end",
                &parameter_words(method),
            );
        }
    }
    let others = COMMANDS
        .iter()
        .filter(|name| APIS.iter().all(|api| api.command != **name));
    for name in others {
        let of_it = OPTIONS.iter().find(|(command, _)| command == name);
        match of_it {
            Some((_, options)) => push_case(&mut out, "", name, name, options),
            None => push_case(&mut out, "", name, "end", ""),
        }
    }
    let (_, of_status) = OPTIONS[0];
    push_case(
        &mut out,
        "status",
        "--format",
        "format",
        "text json prometheus",
    );
    push_case(&mut out, "format", "*", "status", of_status);
    out.push_str(TAIL);
    out
}

/// Appends a case: after the word `name` at this place, the next is one of `words`.
fn push_case(out: &mut String, place: &str, name: &str, next: &str, words: &str) {
    out.push_str(&format!(
        "        {place}:{name}) at={next} words='{words}' ;;\n"
    ));
}

fn parameter_words(method: &Method) -> String {
    let names = method.parameters.iter().map(|p| format!("{}=", p.name));
    names.collect::<Vec<String>>().join(" ")
}
