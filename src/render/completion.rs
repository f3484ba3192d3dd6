//! Completion for bash, from the tables of methods. (The shell of OpenWrt,
//! busybox ash, has none.)

use super::help::APIS;

/// Bash reads `NAME=VALUE` as three words, and `@` and `-` begin a value.
const HEAD: &str = "\
# bash completion of wansync, generated from its tables
_wansync() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local api method words i
    COMPREPLY=()
    [[ $word == = || $before == = ]] && return
    for ((i = 1; i < COMP_CWORD; i++)); do
        case $api:$method:${COMP_WORDS[i]} in
        ::skydns | ::vpnki) api=${COMP_WORDS[i]} ;;
        ::* | *:?*:*) ;;
        *) method=${COMP_WORDS[i]} ;;
        esac
    done
    case $api:$method in
";

const TAIL: &str = "\
    esac
    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))
    [[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}
complete -o default -F _wansync wansync
";

/// The text of a completion for bash. `commands` are the names of wansync's
/// commands, as the command line knows them.
pub fn bash(commands: &[&str]) -> String {
    let mut out = HEAD.to_owned();
    row(&mut out, ":", commands.join(" "));
    for api in &APIS {
        let names: Vec<&str> = api.methods.iter().map(|method| method.name).collect();
        row(
            &mut out,
            &format!("{}:", api.command),
            format!("{} --list", names.join(" ")),
        );
        for method in api.methods {
            let names: Vec<String> = method
                .parameters
                .iter()
                .map(|p| format!("{}=", p.name))
                .collect();
            row(
                &mut out,
                &format!("{}:{}", api.command, method.name),
                names.join(" "),
            );
        }
    }
    out.push_str(TAIL);
    out
}

fn row(out: &mut String, case: &str, words: String) {
    out.push_str(&format!("    {case}) words='{words}' ;;\n"));
}
