//! Prints the README's table of all methods of both services, in Markdown.

fn main() {
    print!("{}", wansync_core::text::help::markdown());
}
