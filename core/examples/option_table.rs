//! Prints the README's tables of options, in Markdown.

fn main() {
    print!("{}", wansync_core::config::option_table::markdown());
}
