//! The bytes that network devices have received and sent, as the kernel counts.

use super::files::read_all;

/// `/proc/net` shows the network of this process; `/sys/class/net` shows that
/// of the process that mounted it, which in a container or a namespace is another.
const DEVICE_TABLE: &str = "/proc/net/dev";

/// The counters of all devices at one moment.
pub struct Counters {
    /// The table as the kernel wrote it: a handful of devices is looked up, so the
    /// others' numbers are never read. Not text, since a name may be any bytes.
    table: Vec<u8>,
}

/// Bytes since the device came, headers included. Drivers may count in 32
/// bits, and a device that comes again starts at 0: less than before is no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteCounts {
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
}

/// Reads them.
///
/// # Errors
/// In words: there is no `/proc`.
pub fn read() -> Result<Counters, String> {
    match read_all(DEVICE_TABLE) {
        Ok(table) => Ok(Counters { table }),
        Err(error) => Err(format!("{DEVICE_TABLE} cannot be read: {error}")),
    }
}

impl Counters {
    /// The counters of a device; `None` if there is no such device.
    pub fn of_device(&self, device: &str) -> Option<ByteCounts> {
        let mut lines = self.table.split(|b| *b == b'\n');
        lines.find_map(|line| numbers_of(line, device.as_bytes()))
    }
}

/// `name:` and 16 numbers, of which the first is bytes received, the 9th bytes
/// sent. The first number may touch the colon; numbers have none of their own,
/// so that of a longer name what follows is no number.
fn numbers_of(line: &[u8], device: &[u8]) -> Option<ByteCounts> {
    let line = line.trim_ascii_start().strip_prefix(device)?;
    let numbers = str::from_utf8(line.strip_prefix(b":")?).ok()?;
    let mut numbers = numbers.split_ascii_whitespace();
    Some(ByteCounts {
        received: numbers.next()?.parse().ok()?,
        sent: numbers.nth(7)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERNEL: &[u8] = b"\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  123456     789    0    0    0     0          0         0   123456     789    0    0    0     0       0          0
  eth1:18446744073709551615 1 0 0 0 0 0 0 42 1 0 0 0 0 0 0
l2tp-vpnki: 10 1 0 0 0 0 0 0 20 2 0 0 0 0 0 0
 a:b: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0
 odd\xff: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0
 short: 1 2 3
 words: 1 0 0 0 0 0 0 0 two 0 0 0 0 0 0 0
 ppp0: 7 0 0 0 0 0 0 0 8 0 0 0 0 0 0 0
";

    #[test]
    fn devices_by_name() {
        let counters = Counters {
            table: KERNEL.to_vec(),
        };
        let table = [
            ("lo", Some((123_456, 123_456))),
            ("eth1", Some((u64::MAX, 42))),
            ("l2tp-vpnki", Some((10, 20))),
            ("a:b", Some((1, 2))),
            ("ppp0", Some((7, 8))),
            ("ppp", None),
            ("pp0", None),
            ("b", None),
            ("face |bytes", None),
            ("short", None),
            ("words", None),
            ("", None),
        ];
        for (device, expected) in table {
            let expected = expected.map(|(received, sent)| ByteCounts { received, sent });
            assert_eq!(counters.of_device(device), expected, "{device}");
        }
    }

    #[test]
    fn of_this_machine() {
        let counters = read().expect("Linux has /proc");
        assert!(counters.of_device("lo").is_some());
        assert_eq!(counters.of_device("nosuch0"), None);
    }
}
