//! A DNS question for an IPv4 address, and the reply to it (RFC 1035).
//!
//! Whatever comes may be anybody's. A name is stepped over and never followed, so that no
//! pointer can loop, and what is read is linear in the length of the reply.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

/// The longest reply that may come, since no larger one was asked for.
pub const MAX_REPLY: usize = 512;
/// The longest name of a host, and the longest part of one.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;
/// The addresses of one reply that are kept.
const MAX_ADDRESSES: usize = 16;

const HEADER: usize = 12;
/// A question of opcode 0 that wants recursion.
const QUERY_FLAGS: [u8; 2] = [0x01, 0x00];
/// Type A, class IN.
const A_IN: [u8; 4] = [0, 1, 0, 1];
/// A type, a class, a time to live and a length stand behind a record's name.
const RECORD: usize = 10;

/// The reply to a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// RFC 1035's RCODE, such as 3 for a name that does not exist.
    pub code: u8,
    /// The addresses in it, in its order.
    pub addresses: Vec<Ipv4Addr>,
}

/// True if DNS can be asked for this name: it is a host's, and no address.
pub fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(good)
    };
    name.len() <= MAX_NAME && name.split('.').all(is_label) && name.parse::<IpAddr>().is_err()
}

/// The question for a name that [`is_dns_name`].
///
/// ```
/// use wansync_core::filtering::message::{query, read};
///
/// let question = query(0x1234, "example.com");
/// let mut reply = question.clone();
/// reply[2] |= 0x80;
/// reply[7] = 1;
/// reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
/// let answer = read(&reply, &question).unwrap();
/// assert_eq!((answer.code, answer.addresses), (0, vec![[192, 0, 2, 1].into()]));
/// assert_eq!(read(&reply, &query(0x1235, "example.com")), None);
/// ```
pub fn query(id: u16, name: &str) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER + name.len() + 6);
    message.extend(id.to_be_bytes());
    message.extend(QUERY_FLAGS);
    message.extend([0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(A_IN);
    message
}

/// The reply to `question` in a datagram; `None` if it is something else, which is passed
/// over. What cannot be read of it ends the list of addresses.
pub fn read(datagram: &[u8], question: &[u8]) -> Option<Reply> {
    let header = datagram.get(..HEADER)?;
    let is_reply = header[2] & 0xf8 == 0x80;
    let asked = datagram.get(HEADER..question.len())?;
    let is_ours = header[..2] == question[..2]
        && header[4..6] == [0, 1]
        && asked.eq_ignore_ascii_case(&question[HEADER..]);
    if !is_reply || !is_ours {
        return None;
    }
    let records = u16::from_be_bytes([header[6], header[7]]);
    Some(Reply {
        code: header[3] & 0x0f,
        addresses: addresses(&datagram[question.len()..], records),
    })
}

fn addresses(mut rest: &[u8], records: u16) -> Vec<Ipv4Addr> {
    let mut found = Vec::new();
    for _ in 0..records {
        let Some((kind, data, behind)) = record(rest) else {
            break;
        };
        if kind == A_IN
            && let Ok(address) = <[u8; 4]>::try_from(data)
            && found.len() < MAX_ADDRESSES
        {
            found.push(address.into());
        }
        rest = behind;
    }
    found
}

/// The type and class of the first record, its data, and what stands behind it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let bytes = behind_name(bytes)?;
    let (head, rest) = bytes.split_at_checked(RECORD)?;
    let length = u16::from_be_bytes([head[8], head[9]]);
    let (data, behind) = rest.split_at_checked(length.into())?;
    Some((&head[..4], data, behind))
}

/// A name ends with an empty label or a pointer.
fn behind_name(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, rest) = bytes.split_first()?;
        match length {
            0 => return Some(rest),
            1..=63 => bytes = rest.get(usize::from(length)..)?,
            192.. => return rest.get(1..),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Vec<u8> {
        query(0x0102, "bad.example.com")
    }

    /// A reply with these records, and a number of them that need not be true.
    fn reply(flags: [u8; 2], count: u16, records: &[&[u8]]) -> Vec<u8> {
        let mut message = question();
        message[2..4].copy_from_slice(&flags);
        message[6..8].copy_from_slice(&count.to_be_bytes());
        records.iter().for_each(|record| message.extend(*record));
        message
    }

    const OK: [u8; 2] = [0x81, 0x80];
    const A: &[u8] = &[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 193, 58, 251, 1];
    const AAAA: &[u8] = &[
        0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
        15, 16,
    ];
    const CNAME: &[u8] = &[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, b'x', 0xc0, 12];

    #[test]
    fn a_question_is_as_the_rfc_has_it() {
        let expected = b"\x01\x02\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\
            \x03bad\x07example\x03com\x00\x00\x01\x00\x01";
        assert_eq!(question(), expected);
    }

    #[test]
    fn replies() {
        let block = Ipv4Addr::new(193, 58, 251, 1);
        let loops: &[u8] = &[0xc0, 0x21, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4];
        let many = vec![A; 1000];
        let table: [(Vec<u8>, u8, Vec<Ipv4Addr>); 12] = [
            (reply(OK, 1, &[A]), 0, vec![block]),
            (reply(OK, 2, &[CNAME, A]), 0, vec![block]),
            (reply(OK, 2, &[AAAA, A]), 0, vec![block]),
            (reply(OK, 0, &[]), 0, vec![]),
            (reply([0x81, 0x83], 0, &[]), 3, vec![]),
            (reply([0x81, 0x82], 0, &[]), 2, vec![]),
            (reply([0x81, 0x85], 0, &[A]), 5, vec![]),
            // Truncated, and fewer records than it says.
            (reply([0x83, 0x80], 65535, &[A]), 0, vec![block]),
            (reply(OK, 2, &[A, &A[..9]]), 0, vec![block]),
            (reply(OK, 1, &[loops]), 0, vec![[1, 2, 3, 4].into()]),
            (reply(OK, 1000, &many), 0, vec![block; MAX_ADDRESSES]),
            // A label of neither form.
            (reply(OK, 1, &[&[0x80, 1, 2]]), 0, vec![]),
        ];
        for (message, code, addresses) in table {
            let read = read(&message, &question());
            assert_eq!(read, Some(Reply { code, addresses }), "{message:02x?}");
        }
    }

    #[test]
    fn what_is_no_reply_to_the_question() {
        let good = reply(OK, 1, &[A]);
        let with = |at: usize, byte: u8| {
            let mut message = good.clone();
            message[at] = byte;
            message
        };
        for message in [
            vec![],
            good[..11].to_vec(),
            good[..30].to_vec(),
            question(),
            with(0, 9),
            with(1, 9),
            with(2, 0x01),
            with(2, 0xa1),
            with(5, 2),
            with(13, b'c'),
            // Another type than was asked for.
            with(question().len() - 3, 28),
        ] {
            assert_eq!(read(&message, &question()), None, "{message:02x?}");
        }
        // Some resolvers play with upper case, and ours may be asked to.
        assert!(read(&with(13, b'B'), &question()).is_some());
    }

    /// Any bytes at all, many of them nearly a reply.
    #[test]
    fn no_datagram_is_too_much() {
        let mut number = 1_u32;
        let mut next = || {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (number >> 24) as u8
        };
        for round in 0..20_000_usize {
            let mut message = reply(OK, 600, &[A, CNAME]);
            message.extend((0..round % 600).map(|_| next()));
            let at = question().len() + usize::from(next()) % 40;
            if let Some(byte) = message.get_mut(at) {
                *byte = next();
            }
            let reply = read(&message, &question()).expect("the question is echoed");
            assert!(reply.addresses.len() <= MAX_ADDRESSES);
        }
    }
}
