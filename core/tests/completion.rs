//! The completion, in a real bash; passed over where there is none.
#![expect(clippy::disallowed_methods, reason = "bash is a process")]

use std::process::Command;

use wansync_core::text::completion;

/// What bash would offer after these words, the last of them unfinished; `None`
/// without bash.
fn offered(words: &[&str]) -> Option<Vec<String>> {
    let script = format!(
        "{}\ncompopt() {{ :; }}\nCOMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1))\n_wansync\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        completion::bash()
    );
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-u", "-c", &script, "bash"])
        .args(words);
    let output = bash.output().ok()?;
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("ASCII");
    Some(text.split_whitespace().map(str::to_owned).collect())
}

#[test]
fn what_is_offered() {
    // Bash splits at `=`.
    let table: [(&[&str], &[&str]); 20] = [
        (&["wansync", ""], &completion::COMMANDS),
        (&["wansync", "-c", "file", "sk"], &["skydns"]),
        (&["wansync", "event", ""], &[]),
        (&["wansync", "once", ""], &["--force", "--dry-run"]),
        (&["wansync", "once", "home", "--f"], &["--force"]),
        (
            &["wansync", "status", ""],
            &["--format", "--watch", "--output", "--check"],
        ),
        (&["wansync", "status", "--format", "p"], &["prometheus"]),
        (
            &["wansync", "status", "--format", "text", "--w"],
            &["--watch"],
        ),
        (&["wansync", "skydns", "clear_i"], &["clear_ip"]),
        (&["wansync", "vpnki", "stat"], &["stat_user", "stat_tunnel"]),
        (&["wansync", "skydns", "--l"], &["--list"]),
        (
            &["wansync", "skydns", "list_ip", ""],
            &["ident=", "profile="],
        ),
        (&["wansync", "skydns", "list_ip", "ident", "="], &[]),
        (&["wansync", "skydns", "list_ip", "ident", "=", "p"], &[]),
        (
            &["wansync", "skydns", "list_ip", "ident", "=", "a", "p"],
            &["profile="],
        ),
        (
            &["wansync", "skydns", "--section", "home", "list_ip", "i"],
            &["ident="],
        ),
        (
            &["wansync", "skydns", "activate", "ident", "=", "add_ip", ""],
            &["ident="],
        ),
        (&["wansync", "vpnki", "tunnels", ""], &[]),
        (&["wansync", "vpnki", "--"], &["--list", "--any"]),
        (&["wansync", "vpnki", "--any", "tunnels", ""], &[]),
    ];
    for (words, expected) in table {
        let Some(offered) = offered(words) else {
            return;
        };
        assert_eq!(offered, expected, "{words:?}");
    }
}
