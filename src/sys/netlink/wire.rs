//! Messages of rtnetlink and their attributes, both ways. Pure.
//!
//! All numbers are in the machine's own byte order, and all parts are aligned
//! to 4 bytes. (linux/netlink.h, linux/rtnetlink.h; netlink(7), rtnetlink(7))

use std::net::IpAddr;

/// Bytes of a message's header: length, type, flags, sequence number, port.
const HEADER: usize = 16;
/// Bytes of an attribute's header: length, type.
const ATTRIBUTE_HEADER: usize = 4;
/// The bits of an attribute's type that are not flags.
const TYPE_MASK: u16 = 0x3fff;

/// `AF_INET`
pub const INET: u8 = 2;
/// `AF_INET6`
pub const INET6: u8 = 10;

/// The types of messages.
pub mod kind {
    pub const ERROR: u16 = 2;
    pub const DONE: u16 = 3;
    pub const NEWLINK: u16 = 16;
    pub const DELLINK: u16 = 17;
    pub const GETLINK: u16 = 18;
    pub const NEWADDR: u16 = 20;
    pub const DELADDR: u16 = 21;
    pub const GETADDR: u16 = 22;
    pub const NEWROUTE: u16 = 24;
    pub const DELROUTE: u16 = 25;
    pub const GETROUTE: u16 = 26;
    pub const NEWRULE: u16 = 32;
    pub const DELRULE: u16 = 33;
    pub const GETRULE: u16 = 34;
}

/// The flags of a request, and of a reply.
pub mod flag {
    pub const REQUEST: u16 = 0x001;
    /// Of a reply: it is part of a list, and not the last.
    pub const MULTIPART: u16 = 0x002;
    pub const ACK: u16 = 0x004;
    /// Of a reply: what is listed has changed meanwhile.
    pub const DUMP_INTERRUPTED: u16 = 0x010;
    pub const DUMP: u16 = 0x300;
    pub const EXCL: u16 = 0x200;
    pub const CREATE: u16 = 0x400;
}

/// A message without its header.
#[derive(Debug, PartialEq, Eq)]
pub struct NetlinkMessage<'a> {
    /// One of [`kind`], or another.
    pub kind: u16,
    /// Of [`flag`].
    pub flags: u16,
    /// The sequence number of the request that it answers.
    pub sequence: u32,
    /// A structure that depends on the kind, and mostly attributes after it.
    pub body: &'a [u8],
}

/// The messages in what was received. It ends early at one that is cut off.
pub struct Messages<'a>(pub &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = NetlinkMessage<'a>;

    fn next(&mut self) -> Option<NetlinkMessage<'a>> {
        let length = number(self.0, 0)? as usize;
        let message = NetlinkMessage {
            kind: short(self.0, 4)?,
            flags: short(self.0, 6)?,
            sequence: number(self.0, 8)?,
            body: self.0.get(HEADER..length)?,
        };
        self.0 = self.0.get(aligned(length)..).unwrap_or_default();
        Some(message)
    }
}

/// The attributes, as type and value. It ends early at one that is cut off.
pub struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    /// The attributes after a structure of this size.
    pub fn after(structure: usize, body: &'a [u8]) -> Attributes<'a> {
        Attributes(body.get(structure..).unwrap_or_default())
    }

    /// The value of the first of this type.
    pub fn find(mut self, kind: u16) -> Option<&'a [u8]> {
        self.find_map(|(this, value)| (this == kind).then_some(value))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let length = usize::from(short(self.0, 0)?);
        let kind = short(self.0, 2)? & TYPE_MASK;
        let value = self.0.get(ATTRIBUTE_HEADER..length)?;
        self.0 = self.0.get(aligned(length)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// The number of 32 bits there.
pub fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}

/// The signed number of 64 bits there.
pub fn long(bytes: &[u8], at: usize) -> Option<i64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(i64::from_ne_bytes(*bytes))
}

/// The number of 16 bits there.
pub fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_ne_bytes(*bytes))
}

fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

/// A message that is being built.
pub struct NetlinkRequest(Vec<u8>);

impl NetlinkRequest {
    /// One with this structure.
    pub fn new(kind: u16, flags: u16, sequence: u32, structure: &[u8]) -> NetlinkRequest {
        let mut bytes = vec![0; 4];
        bytes.extend(kind.to_ne_bytes());
        bytes.extend((flags | flag::REQUEST).to_ne_bytes());
        bytes.extend(sequence.to_ne_bytes());
        // The kernel knows whom the socket belongs to.
        bytes.extend([0; 4]);
        bytes.extend(structure);
        NetlinkRequest(bytes)
    }

    /// This request with one attribute more.
    #[must_use]
    pub fn with(mut self, kind: u16, value: &[u8]) -> NetlinkRequest {
        let length = (ATTRIBUTE_HEADER + value.len()) as u16;
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(aligned(self.0.len()), 0);
        self
    }

    /// This request with one attribute more, an address.
    #[must_use]
    pub fn with_address(self, kind: u16, address: IpAddr) -> NetlinkRequest {
        match address {
            IpAddr::V4(address) => self.with(kind, &address.octets()),
            IpAddr::V6(address) => self.with(kind, &address.octets()),
        }
    }

    /// The bytes to send.
    pub fn bytes(mut self) -> Vec<u8> {
        let length = self.0.len() as u32;
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}

/// The address of this family in these bytes.
pub fn address(family: u8, bytes: &[u8]) -> Option<IpAddr> {
    match family {
        INET => Some(IpAddr::from(*bytes.first_chunk::<4>()?)),
        INET6 => Some(IpAddr::from(*bytes.first_chunk::<16>()?)),
        _ => None,
    }
}

/// The kernel's number of an address's family.
pub fn family(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => INET,
        IpAddr::V6(_) => INET6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_ne_bytes()).collect()
    }

    #[test]
    fn a_request_byte_for_byte() {
        let request = NetlinkRequest::new(kind::GETROUTE, flag::ACK, 7, &[2, 32, 0, 0])
            .with(4, &[9])
            .bytes();
        let mut expected = native(&[28]);
        expected.extend(26u16.to_ne_bytes());
        expected.extend(5u16.to_ne_bytes());
        expected.extend(native(&[7, 0]));
        expected.extend([2, 32, 0, 0]);
        expected.extend(5u16.to_ne_bytes());
        expected.extend(4u16.to_ne_bytes());
        expected.extend([9, 0, 0, 0]);
        assert_eq!(request, expected);
    }

    #[test]
    fn a_request_is_read_back() {
        let address: IpAddr = "172.16.0.1".parse().unwrap();
        let bytes = NetlinkRequest::new(kind::NEWROUTE, 0, 3, &[2; 12])
            .with(9, b"odd")
            .with_address(1, address)
            .bytes();
        let mut two = bytes.clone();
        two.extend(&bytes);
        let read: Vec<NetlinkMessage> = Messages(&two).collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0], read[1]);
        assert_eq!((read[0].kind, read[0].sequence), (kind::NEWROUTE, 3));
        assert_eq!(read[0].flags, flag::REQUEST);
        let attributes = || Attributes::after(12, read[0].body);
        assert_eq!(attributes().find(9), Some(&b"odd"[..]));
        assert_eq!(attributes().find(1), Some(&[172, 16, 0, 1][..]));
        assert_eq!(attributes().find(2), None);
        assert_eq!(attributes().count(), 2);
    }

    #[test]
    fn flags_in_an_attributes_type_are_not_its_type() {
        let bytes = NetlinkRequest::new(0, 0, 0, &[])
            .with(0x8000 | 5, &[1])
            .bytes();
        assert_eq!(Attributes::after(HEADER, &bytes).find(5), Some(&[1][..]));
    }

    #[test]
    fn what_is_cut_off_or_lies_about_its_length_ends_the_reading() {
        let whole = NetlinkRequest::new(kind::NEWADDR, 0, 1, &[0; 8])
            .with(1, &[1, 2, 3, 4])
            .bytes();
        for end in 0..whole.len() {
            assert_eq!(Messages(&whole[..end]).count(), 0, "{end}");
            let after = Attributes::after(HEADER + 8, &whole[..end]);
            assert_eq!(after.count(), 0, "{end}");
        }
        for length in [0, 1, 15, u32::MAX - 1, u32::MAX] {
            let mut lying = whole.clone();
            lying[..4].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(Messages(&lying).count(), 0, "{length}");
        }
        for length in [0u16, 3, 9, u16::MAX] {
            let mut lying = whole.clone();
            lying[24..26].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(Attributes::after(24, &lying).count(), 0, "{length}");
        }
    }
}
