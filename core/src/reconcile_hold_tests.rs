use super::*;

/// The service refuses 8.8.4.4; the WAN gets another address, and the first again.
#[test]
fn a_hold_is_of_one_address() {
    let state = after(&SectionState::default(), "8.8.4.4", status(403, None), 0);
    let Decision::Update(other) = decision(&state, "8.8.8.8", 60) else {
        panic!("another address may be tried");
    };
    let state = state_after_send(&state, other, "skydns", Ok(()), at(60), WHOLE);
    // Held words are those of the refusal, whatever failed since.
    let state = after(&state, "9.9.9.9", no_dns(), 90);
    let held = decision(&state, "8.8.4.4", 120);
    assert!(
        matches!(&held, Decision::Held(why) if why.contains("skydns: HTTP status 403")),
        "{held:?}"
    );
    assert_eq!(
        decision(&state, "8.8.4.4", HOUR * 5 / 4),
        Decision::Update(public("8.8.4.4"))
    );
}

#[test]
fn what_is_forced_passes_over_pauses_and_over_no_limit() {
    let forced = |state: &SectionState, address: &str| {
        decide(&policy(), &seen(address), state, at(60), true)
    };
    let mut state = SectionState::default();
    for count in 1..=6 {
        let address = format!("8.8.4.{}", count.min(4));
        let Decision::Update(sent) = forced(&state, &address) else {
            panic!("{count}: {:?}", forced(&state, &address));
        };
        let refusal = refused();
        state = state_after_send(&state, sent, "skydns", Err(&refusal), at(60), WHOLE);
    }
    let held = |address: &str, words: &str| {
        let decision = forced(&state, address);
        let is_said = matches!(&decision, Decision::Held(why) if why.contains(words));
        assert!(is_said, "{decision:?}");
    };
    held(
        "8.8.4.4",
        "refused 3 times within 24 h (skydns says: wrong key), so 8.8.4.4 is not sent",
    );
    held(
        "9.9.9.9",
        "refused 6 times within 24 h (skydns says: wrong key), so no address",
    );
}

/// Another CA file, or another device to leave through.
#[test]
fn another_way_of_access_ends_waits_and_forgets_nothing_confirmed() {
    let of = |state: SectionState, access: &str, stamp| state.for_access(access, stamp);
    let known = of(confirmed("8.8.4.4", 0), "way", 7);
    let mut failing = known.clone();
    for _ in 0..9 {
        failing = after(&failing, "8.8.8.8", refused_connection(), 100);
    }
    let held = after(&known, "8.8.8.8", refused(), 100);
    let update = Decision::Update(public("8.8.8.8"));
    for (state, access, stamp, is_sent) in [
        (&failing, "way", 7, false),
        (&failing, "other", 7, true),
        (&failing, "way", 8, true),
        (&held, "way", 7, false),
        (&held, "other", 7, true),
        // The service said no over a connection that was trusted.
        (&held, "way", 8, false),
    ] {
        let state = of(state.clone(), access, stamp);
        let decided = decision(&state, "8.8.8.8", 101);
        assert_eq!(decided == update, is_sent, "{access} {stamp}: {decided:?}");
        let same = Decision::Unchanged(public("8.8.4.4"));
        assert_eq!(decision(&state, "8.8.4.4", 101), same, "{access} {stamp}");
        assert_eq!(
            state.sends.len(),
            known.sends.len() + usize::from(state.sends.len() > 1)
        );
    }
    // What is wrong still does not begin with the longest wait.
    let state = after(
        &of(failing, "other", 7),
        "8.8.8.8",
        refused_connection(),
        101,
    );
    assert_eq!(due(&state, 101), 30);
}

/// A million routers are upgraded: what they left says nothing of how it was sent.
#[test]
fn a_state_that_knows_no_way_of_access_takes_over_the_one_of_today() {
    let held = after(&confirmed("8.8.4.4", 0), "8.8.8.8", refused(), 100);
    let failing = after(
        &confirmed("8.8.4.4", 0),
        "8.8.8.8",
        refused_connection(),
        100,
    );
    for old in [held, failing] {
        let new = old.clone().for_access("way", 7);
        assert_eq!(
            decision(&new, "8.8.8.8", 101),
            decision(&old, "8.8.8.8", 101)
        );
        assert!(matches!(
            decision(&new, "8.8.8.8", 101),
            Decision::Held(_) | Decision::Throttled(_)
        ));
        assert_eq!((&*new.access, new.ca_file_stamp), ("way", 7));
    }
    // The service's own wish is no wait of ours.
    let asked = after(
        &SectionState::default(),
        "8.8.4.4",
        status(503, Some(600)),
        0,
    );
    let asked = asked.for_access("way", 7).for_access("other", 8);
    assert!(matches!(
        decision(&asked, "8.8.4.4", 1),
        Decision::Throttled(_)
    ));
}
