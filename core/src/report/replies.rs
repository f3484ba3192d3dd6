//! The last replies of the services that were not understood, as they are kept until the
//! next boot: only who has seen one can say what it was.
//!
//! ```
//! use wansync_core::failure::Failure;
//! use wansync_core::reason::refusal::ReplyDoubt;
//! use wansync_core::report::replies::KeptReplies;
//! use wansync_core::service::reply::Reply;
//! use wansync_core::time::Boot;
//!
//! let reply = Reply { status: 206, body: b"<html>".to_vec(), ..Reply::default() };
//! let failure = Failure::Doubtful(ReplyDoubt::Status(206));
//! let mut kept = KeptReplies::default();
//! assert!(kept.add("home", &reply, &failure, &[], Boot::from_secs(60)));
//! let shown = kept.describe(Boot::from_secs(120));
//! assert!(shown.starts_with("home, 1 min ago, HTTP status 206: "), "{shown}");
//! assert!(shown.ends_with("\n  <html>\n"), "{shown}");
//! ```

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::config::secret::Secret;
use crate::failure::Failure;
use crate::persist;
use crate::service::reply::Reply;
use crate::text::width::clean;
use crate::time::{Boot, describe_span};

/// The number of replies that are kept.
const MAX_REPLIES: usize = 4;
/// The bytes that are kept of one.
const MAX_BODY: usize = 4096;

/// One reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptReply {
    /// The section that it was for, or the method.
    subject: String,
    /// The moment of its arrival.
    at: Boot,
    /// The HTTP status.
    status: u32,
    /// The fault of it, in words.
    fault: String,
    /// The beginning of its body, without keys.
    body: String,
}

persist!(KeptReply {
    subject,
    at,
    status,
    fault,
    body
});

/// The last of them, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptReplies {
    replies: Vec<KeptReply>,
}

persist!(KeptReplies { replies });

impl KeptReplies {
    /// Adds a reply that failed so, if it was not understood. Nothing of these keys is kept.
    /// One for the same subject and with the same fault takes the place of the one before.
    pub fn add(
        &mut self,
        subject: &str,
        reply: &Reply,
        failure: &Failure,
        keys: &[&Secret],
        now: Boot,
    ) -> bool {
        if !is_kept(failure) {
            return false;
        }
        let body = &reply.body[..reply.body.len().min(MAX_BODY)];
        let mut body = String::from_utf8_lossy(body).into_owned();
        let mut fault = failure.to_string();
        for key in keys {
            body = key.redact(&body);
            fault = key.redact(&fault);
        }
        let new = KeptReply {
            subject: subject.to_owned(),
            at: now,
            status: reply.status.into(),
            fault,
            body,
        };
        let is_other = |old: &KeptReply| old.subject != new.subject || old.fault != new.fault;
        self.replies.retain(is_other);
        if self.replies.len() >= MAX_REPLIES {
            self.replies.remove(0);
        }
        self.replies.push(new);
        true
    }

    /// Their text at `now`, the latest last.
    pub fn describe(&self, now: Boot) -> String {
        let mut out = String::new();
        for reply in &self.replies {
            let ago = describe_span(now.since(reply.at));
            let KeptReply {
                subject,
                status,
                fault,
                ..
            } = reply;
            let fault = clean(fault);
            out.push_str(&format!(
                "{subject}, {ago} ago, HTTP status {status}: {fault}\n"
            ));
            for line in reply.body.lines() {
                out.push_str(&format!("  {}\n", clean(line)));
            }
        }
        out
    }
}

/// True if the reply itself says what is wrong, and the failure may not.
fn is_kept(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::NotJson { .. } | Failure::Unknown { .. } | Failure::Doubtful(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown() -> Failure {
        Failure::Unknown {
            what: "a number".into(),
        }
    }

    fn reply(body: &[u8]) -> Reply {
        Reply {
            status: 200,
            body: body.to_owned(),
            ..Reply::default()
        }
    }

    #[test]
    fn only_the_last_ones_are_kept_and_only_their_beginnings() {
        let mut kept = KeptReplies::default();
        let long = vec![b'x'; 2 * MAX_BODY];
        for number in 0..6 {
            let subject = format!("s{number}");
            assert!(kept.add(&subject, &reply(&long), &unknown(), &[], Boot::START));
        }
        let subjects: Vec<&str> = kept.replies.iter().map(|r| r.subject.as_str()).collect();
        assert_eq!(subjects, ["s2", "s3", "s4", "s5"]);
        assert!(
            kept.replies
                .iter()
                .all(|reply| reply.body.len() == MAX_BODY)
        );
        // The same once more takes the place of the same before.
        kept.add("s3", &reply(b"new"), &unknown(), &[], Boot::from_secs(9));
        let subjects: Vec<&str> = kept.replies.iter().map(|r| r.subject.as_str()).collect();
        assert_eq!(subjects, ["s2", "s4", "s5", "s3"]);
        assert_eq!(kept.replies[3].body, "new");
    }

    #[test]
    fn a_key_is_not_kept_not_even_where_it_is_cut() {
        let key = Secret::new("example-key-0123").expect("a key");
        for filler in 0..40 {
            let mut body = vec![b'.'; MAX_BODY - filler];
            body.extend(b"example-key-0123 example%2Dkey%2D0123");
            let mut kept = KeptReplies::default();
            kept.add("home", &reply(&body), &unknown(), &[&key], Boot::START);
            let kept = &kept.replies[0].body;
            assert!(!kept.contains("exa"), "{filler}: {kept}");
        }
    }

    #[test]
    fn what_is_understood_is_not_kept() {
        let mut kept = KeptReplies::default();
        let refused = Failure::Refused {
            message: "no".to_owned(),
        };
        assert!(!kept.add("home", &reply(b"x"), &refused, &[], Boot::START));
        assert_eq!(kept, KeptReplies::default());
    }

    #[test]
    fn a_reply_cannot_steer_the_terminal() {
        let mut kept = KeptReplies::default();
        let evil = b"one\r\x1b[2J\ntwo\xff";
        kept.add("home", &reply(evil), &unknown(), &[], Boot::START);
        let shown = kept.describe(Boot::START);
        assert!(
            shown.ends_with("  one \\u{1b}[2J\n  two\u{fffd}\n"),
            "{shown:?}"
        );
    }
}
