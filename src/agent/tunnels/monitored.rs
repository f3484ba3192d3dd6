//! One tunnel with its echoes and its file.

use std::os::fd::{AsFd, BorrowedFd};

use crate::agent::changes::Change;
use crate::agent::hooks::HookRun;
use crate::sys::digest::sha256;
use crate::sys::ping::Echo;
use crate::sys::store::Store;
use crate::sys::{clock, random};
use wansync_core::config::Tunnel;
use wansync_core::json::JsonWriter;
use wansync_core::reason::Reason;
use wansync_core::record::Record;
use wansync_core::tunnel::evidence::EchoStatus;
use wansync_core::tunnel::schedule::EchoStep;
use wansync_core::tunnel::tracker::TunnelTracker;

pub(super) struct MonitoredTunnel {
    pub(super) section: String,
    pub(super) tracker: TunnelTracker,
    /// The state that its file holds, as JSON.
    written: String,
    /// The socket of the echoes under way.
    echo: Option<Echo>,
}

impl MonitoredTunnel {
    pub(super) fn new(
        section: &str,
        tunnel: &Tunnel,
        store: &Store,
        record: &Record,
    ) -> MonitoredTunnel {
        let now = clock::boot();
        let state = store.tunnel_state(section).unwrap_or_default();
        let state = state
            .for_config(&tunnel.fingerprint(sha256))
            .clamp_future_times(now.whole_secs())
            .with_record(record.tunnel(section));
        MonitoredTunnel {
            section: section.to_owned(),
            written: JsonWriter::of(&state),
            tracker: TunnelTracker::new(tunnel.clone(), state, now),
            echo: None,
        }
    }

    /// Takes note of what the record says of it.
    pub(super) fn recorded(&mut self, record: &Record) {
        let state = std::mem::take(&mut self.tracker.state);
        self.tracker.state = state.with_record(record.tunnel(&self.section));
    }

    /// Sends the first echo of a round. False if there is none to wait for.
    pub(super) fn start_echo(&mut self) -> bool {
        let sent = self.send_first();
        let now = clock::boot();
        match sent {
            Some(Ok(echo)) => {
                self.tracker.schedule.echo_sent(now);
                self.echo = Some(echo);
                return true;
            }
            Some(Err(why)) => self
                .tracker
                .record_echo(Some(EchoStatus::Unavailable(why)), now),
            None => self.tracker.record_echo(None, now),
        }
        false
    }

    fn send_first(&self) -> Option<Result<Echo, Reason>> {
        let target = self.tracker.tunnel.ping?;
        let Some(device) = self.tracker.state.evidence.device_name() else {
            return Some(Err(self.tracker.no_device()));
        };
        let echo = Echo::open(target, device, random::number() as u16);
        Some(echo.and_then(|mut echo| {
            echo.send()?;
            Ok(echo)
        }))
    }

    /// Takes the answer to an echo, or sends another. True once the fate of the echoes
    /// is evidence.
    pub(super) fn take_answer(&mut self) -> bool {
        let Some(echo) = &mut self.echo else {
            return true;
        };
        let now = clock::boot();
        let tracker = &mut self.tracker;
        let result = match echo.answer() {
            Ok(Some(_)) if echo.is_large() => {
                tracker.record_large_echo(true, now);
                Ok(())
            }
            Ok(Some(after)) => {
                tracker.record_answer(after, now);
                // One that cannot be sent tells nothing.
                if let Some(size) = tracker.large_echo(now)
                    && echo.send_large(size).is_ok()
                {
                    tracker.schedule.large_echo_sent(now);
                    return false;
                }
                Ok(())
            }
            Ok(None) => match tracker.schedule.echo_step(now) {
                EchoStep::Wait => return false,
                EchoStep::SendAgain => match echo.send() {
                    Ok(()) => {
                        tracker.schedule.echo_sent(now);
                        return false;
                    }
                    Err(why) => Err(why),
                },
                EchoStep::GiveUp if echo.is_large() => {
                    tracker.record_large_echo(false, now);
                    Ok(())
                }
                EchoStep::GiveUp => {
                    tracker.record_loss(now);
                    Ok(())
                }
            },
            Err(why) => Err(why),
        };
        if let Err(why) = result
            && !echo.is_large()
        {
            tracker.record_echo(Some(EchoStatus::Unavailable(why)), now);
        }
        self.echo = None;
        true
    }

    /// The socket on which an answer comes.
    pub(super) fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.echo.as_ref().map(Echo::as_fd)
    }

    /// Writes its state, unless that is what the file holds.
    ///
    /// # Errors
    /// Why it cannot be, which is logged.
    pub(super) fn write(&mut self, store: &Store) -> Result<(), Reason> {
        let state = JsonWriter::of(&self.tracker.state);
        if self.written == state {
            return Ok(());
        }
        let written = store.write_tunnel_state(&self.section, &state);
        match &written {
            Ok(()) => {
                self.written = state;
                self.tracker.schedule.written(clock::boot());
            }
            Err(why) => log::error!("{}: {why}", self.section),
        }
        written
    }

    /// The run of its command, if it has one.
    pub(super) fn command_run(&self) -> Option<HookRun> {
        let (program, arguments) = self.tracker.tunnel.command.clone()?;
        let state = self.tracker.state.recovery.health.word();
        Some(HookRun::new(
            program,
            arguments,
            self.change((state, state)),
        ))
    }

    /// A change of its state, with the reason for what it is now.
    pub(super) fn change(&self, (old, new): (&'static str, &'static str)) -> Change {
        Change {
            at: clock::boot(),
            section: self.section.clone(),
            kind: "tunnel",
            old,
            new,
            reason: self.tracker.state.recovery.reason.clone(),
            subject: self.tracker.tunnel.name.clone(),
            is_news: true,
            notify: None,
        }
    }
}
