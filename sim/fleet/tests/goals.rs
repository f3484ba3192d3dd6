//! Every scenario reaches its goals with a small fleet, and with each seed.

use wansync_fleet::scenario::SCENARIOS;

const ROUTERS: usize = 2000;

#[test]
fn no_scenario_brings_the_routers_together_or_loses_one() {
    for scenario in SCENARIOS {
        for seed in 1..=2 {
            let figures = scenario.run(ROUTERS, seed);
            let missed = scenario.missed(&figures);
            assert!(missed.is_empty(), "{seed}: {missed:?}: {figures:?}");
        }
    }
}

/// One home router: nothing makes it wait.
#[test]
fn a_single_router_sends_at_once_and_renews_within_the_refresh() {
    let named = |name: &str| {
        let mut scenarios = SCENARIOS.iter();
        let found = scenarios.find(|scenario| scenario.name == name);
        found.expect("a scenario of this name").run(2, 7)
    };
    let cut = named("power cut, new addresses, no spread");
    assert!(cut.right_all_min < 3.0, "{cut:?}");
    assert_eq!((cut.lost, cut.most_sends), (0, 1));
    let rest = named("a week of rest");
    assert!((2..=3).contains(&rest.most_sends), "{rest:?}");
    let flaps = named("one in 20 flaps for an hour");
    assert!(flaps.limit_used <= 24 && flaps.lost == 0, "{flaps:?}");
}
