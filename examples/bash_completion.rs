//! Prints the completion for bash: `bash_completion > /etc/bash_completion.d/wansync`.

use argh::SubCommands;
use wansync::cli::Command;

fn main() {
    let names: Vec<&str> = Command::COMMANDS
        .iter()
        .map(|command| command.name)
        .collect();
    print!("{}", wansync_core::text::completion::bash(&names));
}
