//! Prints the completion for bash: `bash_completion > /etc/bash_completion.d/wansync`.

fn main() {
    print!("{}", wansync_core::text::completion::bash());
}
