//! Users of this router.

use super::files::read_text;
use wansync_core::config::permissions::User;

/// The name of the user whom the package makes for the daemon.
const DAEMON: &str = "wansync";

/// The daemon's user, if there is one.
pub fn daemon() -> Option<User> {
    find(&read_text("/etc/passwd")?, DAEMON)
}

/// `name:password:id:group:…`
fn find(table: &str, name: &str) -> Option<User> {
    let mut users = table.lines().map(|line| line.split(':'));
    let mut fields =
        users.find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
    Some(User {
        id: fields.nth(1)?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_user() {
        let table = "root:x:0:0:root:/root:/bin/ash\nwansync:x:455:456:wansync:/var:/bin/false\n\
                     wansyncd:x:1:2::/:\nbroken:x:one:1\n";
        let user = User {
            id: 455,
            group: 456,
        };
        assert_eq!(find(table, "wansync"), Some(user));
        for name in ["wan", "nobody", "broken", ""] {
            assert_eq!(find(table, name), None, "{name}");
        }
    }
}
