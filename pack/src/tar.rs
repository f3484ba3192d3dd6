//! The old GNU tar, the only one that opkg reads without losing files.
//!
//! Own code, because every byte is fixed: opkg drops a file behind a PAX header, and
//! two packages of the same content must be equal.

use crate::error::{Error, Result};

const BLOCK: usize = 512;
/// tar pads an archive to a multiple of this.
const RECORD: usize = 20 * BLOCK;
const MAGIC: &[u8] = b"ustar  \0";
const MAGIC_POSIX: &[u8] = b"ustar\x0000";
/// The name of a pseudo entry that carries a name of over 100 bytes.
const LONG: &str = "././@LongLink";
/// An 11 digit octal number ends here.
const MAX_ENTRY_SIZE: u64 = 0o77_777_777_777;

/// One entry, owned by 0:0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// As in the archive: `./etc/`, `./etc/passwd`.
    pub name: String,
    pub mode: u32,
    /// Seconds since 1970.
    pub mtime: u64,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    File(Vec<u8>),
    Folder,
    Symlink(String),
}

/// The archive of these members, in this order.
pub(crate) fn write(members: &[Member]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for member in members {
        append(&mut out, member)?;
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out.resize(out.len().next_multiple_of(RECORD), 0);
    Ok(out)
}

fn append(out: &mut Vec<u8>, member: &Member) -> Result<()> {
    let (kind, content, link): (u8, &[u8], &str) = match &member.kind {
        Kind::File(content) => (b'0', content, ""),
        Kind::Folder => (b'5', &[], ""),
        Kind::Symlink(target) => (b'2', &[], target),
    };
    if member.mtime > MAX_ENTRY_SIZE || content.len() as u64 > MAX_ENTRY_SIZE {
        return Err(Error::refused(
            &member.name,
            "time or size is too large for tar",
        ));
    }
    if link.len() > 100 {
        append_long(out, b'K', link);
    }
    if member.name.len() > 100 {
        append_long(out, b'L', &member.name);
    }
    let header = Header {
        name: &member.name,
        mode: member.mode,
        mtime: member.mtime,
        kind,
        link,
    };
    append_block(out, &header, content);
    Ok(())
}

fn append_long(out: &mut Vec<u8>, kind: u8, text: &str) {
    let content = [text.as_bytes(), b"\0"].concat();
    append_block(
        out,
        &Header {
            name: LONG,
            mode: 0o644,
            mtime: 0,
            kind,
            link: "",
        },
        &content,
    );
}

struct Header<'a> {
    name: &'a str,
    mode: u32,
    mtime: u64,
    kind: u8,
    link: &'a str,
}

fn append_block(out: &mut Vec<u8>, header: &Header<'_>, content: &[u8]) {
    let mut block = [0; BLOCK];
    let text = |field: &mut [u8], text: &str| {
        let shown = &text.as_bytes()[..text.len().min(field.len())];
        field[..shown.len()].copy_from_slice(shown);
    };
    text(&mut block[..100], header.name);
    text(
        &mut block[100..108],
        &format!("{:07o}", header.mode & 0o7777),
    );
    text(&mut block[108..116], "0000000");
    text(&mut block[116..124], "0000000");
    text(&mut block[124..136], &format!("{:011o}", content.len()));
    text(&mut block[136..148], &format!("{:011o}", header.mtime));
    block[156] = header.kind;
    text(&mut block[157..257], header.link);
    block[257..265].copy_from_slice(MAGIC);
    let sum = format!("{:06o}\0 ", checksum(&block));
    text(&mut block[148..156], &sum);
    out.extend_from_slice(&block);
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

/// All bytes of a header, with its checksum as spaces.
fn checksum(block: &[u8]) -> u32 {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    sum(&block[..148]) + 8 * u32::from(b' ') + sum(&block[156..])
}

/// Every member of an archive that opkg would unpack whole.
pub(crate) fn read(archive: &[u8]) -> Result<Vec<Member>> {
    let mut from = Blocks { archive, at: 0 };
    let mut members = Vec::new();
    let mut long = Long::default();
    loop {
        let block = from.block()?;
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        check_header(block, members.len())?;
        let size = octal(&block[124..136])?;
        let content = from.content(size)?;
        match block[156] {
            b'L' => long.name = Some(text(content)?),
            b'K' => long.link = Some(text(content)?),
            kind => members.push(member(block, kind, content, std::mem::take(&mut long))?),
        }
    }
    if long.name.is_some() || long.link.is_some() {
        return Err(Error::damaged("", "a long name without an entry"));
    }
    from.end()?;
    Ok(members)
}

/// The fields that pseudo entries gave for the next real one.
#[derive(Default)]
struct Long {
    name: Option<String>,
    link: Option<String>,
}

fn check_header(block: &[u8], number: usize) -> Result<()> {
    let entry = format!("entry {}", number + 1);
    if octal(&block[148..156])? != u64::from(checksum(block)) {
        return Err(Error::damaged(&entry, "wrong checksum of its header"));
    }
    if &block[257..265] != MAGIC && &block[257..265] != MAGIC_POSIX {
        return Err(Error::damaged(&entry, "not a tar header"));
    }
    if octal(&block[108..116])? != 0 || octal(&block[116..124])? != 0 {
        return Err(Error::unsupported(&entry, "an owner other than 0:0"));
    }
    Ok(())
}

fn member(block: &[u8], kind: u8, content: &[u8], long: Long) -> Result<Member> {
    let name = match long.name {
        Some(name) => name,
        None => short_name(block)?,
    };
    let link = match long.link {
        Some(link) => link,
        None => text(&block[157..257])?,
    };
    let kind = match kind {
        b'0' | 0 => Kind::File(content.to_vec()),
        b'5' => Kind::Folder,
        b'2' => Kind::Symlink(link),
        b'x' | b'g' => {
            return Err(Error::unsupported(
                &name,
                "a PAX header: opkg loses the file behind it",
            ));
        }
        b'1' => return Err(Error::unsupported(&name, "a hard link")),
        other => {
            return Err(Error::unsupported(
                &name,
                format!("an entry of type {:?}", char::from(other)),
            ));
        }
    };
    if !matches!(kind, Kind::File(_)) && !content.is_empty() {
        return Err(Error::damaged(&name, "content in an entry that has none"));
    }
    let mode = u32::try_from(octal(&block[100..108])? & 0o7777).expect("12 bits");
    Ok(Member {
        name,
        mode,
        mtime: octal(&block[136..148])?,
        kind,
    })
}

fn short_name(block: &[u8]) -> Result<String> {
    let name = text(&block[..100])?;
    let prefix = if &block[257..265] == MAGIC_POSIX {
        text(&block[345..500])?
    } else {
        String::new()
    };
    Ok(if prefix.is_empty() {
        name
    } else {
        format!("{prefix}/{name}")
    })
}

/// Text up to the first NUL, or the end of its field.
fn text(field: &[u8]) -> Result<String> {
    let end = field
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(field.len());
    let text = std::str::from_utf8(&field[..end]);
    text.map(str::to_owned)
        .map_err(|_| Error::damaged("", "a name that is not UTF-8"))
}

/// Octal digits, ended by NUL or space.
fn octal(field: &[u8]) -> Result<u64> {
    let digits = text(field)?;
    let digits = digits.trim_matches(' ');
    u64::from_str_radix(digits, 8)
        .map_err(|_| Error::damaged("", format!("{digits:?} is not an octal number")))
}

struct Blocks<'a> {
    archive: &'a [u8],
    at: usize,
}

impl<'a> Blocks<'a> {
    fn take(&mut self, size: usize) -> Result<&'a [u8]> {
        let end = self
            .at
            .checked_add(size)
            .filter(|end| *end <= self.archive.len());
        let end = end.ok_or_else(|| Error::damaged("", "the archive is cut off"))?;
        let taken = &self.archive[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn block(&mut self) -> Result<&'a [u8]> {
        self.take(BLOCK)
    }

    fn content(&mut self, size: u64) -> Result<&'a [u8]> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let content = self.take(size)?;
        let padding = self.take((BLOCK - size % BLOCK) % BLOCK)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(Error::damaged("", "bytes where padding should be"));
        }
        Ok(content)
    }

    /// One more empty block, and then nothing but zeros.
    fn end(mut self) -> Result<()> {
        self.block()?;
        if self.archive[self.at - BLOCK..]
            .iter()
            .any(|byte| *byte != 0)
        {
            return Err(Error::damaged("", "bytes after the end of the archive"));
        }
        Ok(())
    }
}
