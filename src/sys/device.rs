//! Sockets that one device carries.

use socket2::Socket;

use super::os_error;
use wansync_core::reason;
use wansync_core::reason::Reason;

/// The kernel cuts longer names without a word (IFNAMSIZ, 16, with its zero), and
/// takes an empty one for "any device".
const MAX_DEVICE_NAME: usize = 15;

/// Binds a socket to a device.
///
/// # Errors
/// The reason that it cannot be.
pub(super) fn bind_socket(socket: &Socket, device: &str) -> Result<(), Reason> {
    if device.is_empty() || device.len() > MAX_DEVICE_NAME || device.contains('\0') {
        return Err(reason!(DeviceNoName));
    }
    let bound = socket.bind_device(Some(device.as_bytes()));
    bound.map_err(|error| os_error::reason(&error))
}
