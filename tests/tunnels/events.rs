//! `wansync.event` on ubus, for changes of a tunnel.

use crate::night::Night;
use wansync_test_support::events::EventListener;
use wansync_test_support::tunnel::Restart;

#[test]
fn a_tunnel_that_goes_down_is_an_event() {
    let night = Night::with("option on_down restart\noption down_after 2");
    let ubus = &night.bed.ubus;
    let listener = EventListener::new(ubus, "wansync.event").expect("a listener");
    night.bed.on_restart(Restart::Useless);
    night.bed.vanish();
    night.pass_at(0).expect(0);
    night.pass_at(60).expect(1).says("dacha: down: ");
    let heard = listener.wait(1);
    assert_eq!(heard.len(), 1, "{heard:?}");
    let texts = ["type", "section", "old", "new", "tunnel"].map(|name| heard[0][name].as_str());
    let expected = ["tunnel", "dacha", "up", "down", "user356"].map(Some);
    assert_eq!(texts, expected, "{heard:?}");
    assert!(
        heard[0]["reason_code"]
            .as_str()
            .is_some_and(|code| code.starts_with("tunnel."))
    );
}
