//! The many ways in which VPNKI may say the same: people read the same rows, and
//! programs get the same payload.

use serde_json::Value;
use wansync_sim::{Dates, Deleted, Envelope, Refused, Rows, Style, VPNKI_KEY};

use crate::rows::find;
use crate::world::World;

/// The lists, with the words that give all there is.
const LISTS: &[(&str, &[&str])] = &[
    ("tunnels", &[]),
    ("active", &[]),
    ("stat_user", &["ts=0000-00-00", "te=NOW"]),
    (
        "stat_tunnel",
        &["tunnel=user356", "ts=0000-00-00", "te=NOW"],
    ),
];

fn style(envelope: Envelope) -> Style {
    Style {
        envelope,
        ..Style::default()
    }
}

#[test]
fn every_list_gives_the_same_rows_in_every_envelope_and_shape() {
    let world = World::without_tls();
    for (name, words) in LISTS {
        let method = find(name);
        world.sim().set_vpnki_style(Style::default());
        let plain = world.call(method, words).expect(0).stdout;
        for &rows in Rows::ALL {
            let expected = match (*name, rows) {
                (_, Rows::Null | Rows::False) => continue,
                // The simulator lists connections in neither shape.
                ("tunnels" | "active", Rows::Strings) => "name\nuser356\nuser357\n",
                ("tunnels" | "active", Rows::Named) => {
                    "name     comment  vpnki_address\n\
                     user356  Дача     172.16.10.2\n\
                     user357  Office   172.16.10.3\n"
                }
                _ => &plain,
            };
            for &envelope in Envelope::ALL {
                world.sim().set_vpnki_style(Style {
                    rows,
                    ..style(envelope)
                });
                let ran = world.call(method, words).expect(0);
                assert_eq!(ran.stdout, expected, "{name} {envelope} {rows}");
                assert_eq!(ran.stderr, "", "{name} {envelope} {rows}");
            }
        }
    }
}

#[test]
fn programs_get_the_payload_out_of_every_envelope() {
    let world = World::without_tls();
    for (name, words) in LISTS {
        let mut payloads = Vec::new();
        for &envelope in Envelope::ALL {
            world.sim().set_vpnki_style(style(envelope));
            let words = [&["--format", "json"], *words].concat();
            let ran = world.call(find(name), &words).expect(0);
            let payload: Value = serde_json::from_str(&ran.stdout).expect(&ran.stdout);
            assert!(payload.is_array(), "{name} {envelope}: {payload}");
            payloads.push(payload);
        }
        assert!(
            payloads.iter().all(|payload| *payload == payloads[0]),
            "{name}: {payloads:?}"
        );
    }
}

#[test]
fn one_tunnel_is_a_row_too() {
    let world = World::without_tls();
    world.sim().set_tunnels(world.sim().tunnels()[..1].to_vec());
    let expected = "comment  login    vpnki_address\nДача     user356  172.16.10.2\n";
    for name in ["tunnels", "active"] {
        for rows in [Rows::Objects, Rows::Single, Rows::Numbered, Rows::Wrapped] {
            for &envelope in Envelope::ALL {
                world.sim().set_vpnki_style(Style {
                    rows,
                    ..style(envelope)
                });
                let ran = world.call(find(name), &[]).expect(0);
                assert_eq!(ran.stdout, expected, "{name} {envelope} {rows}");
            }
        }
    }
}

#[test]
fn rows_are_known_by_every_name_of_their_fields() {
    let world = World::without_tls();
    for field in ["login", "username", "user", "tunnel", "tunnel_name", "name"] {
        for address in ["vpnki_address", "internal_ip", "ip", "address"] {
            for rows in [Rows::Objects, Rows::Wrapped] {
                world.sim().set_vpnki_style(Style {
                    name_field: field.to_owned(),
                    address_field: address.to_owned(),
                    rows,
                    ..Style::default()
                });
                let ran = world.call(find("active"), &[]).expect(0);
                let mut lines = ran.stdout.lines();
                let head: Vec<&str> = lines.next().expect("a head").split_whitespace().collect();
                assert_eq!(head.len(), 3, "{head:?}");
                assert!(head.contains(&field) && head.contains(&address), "{head:?}");
                for (line, words) in
                    lines.zip([["user356", "172.16.10.2"], ["user357", "172.16.10.3"]])
                {
                    assert!(words.iter().all(|word| line.contains(word)), "{line}");
                }
            }
        }
    }
}

#[test]
fn a_list_that_is_none_is_not_taken_for_an_empty_one() {
    let world = World::without_tls();
    for (name, words) in LISTS {
        for &envelope in Envelope::ALL {
            for rows in [Rows::Null, Rows::False] {
                world.sim().set_vpnki_style(Style {
                    rows,
                    ..style(envelope)
                });
                let ran = world.call(find(name), words).expect(1);
                assert_eq!(ran.stdout, "", "{name} {envelope} {rows}");
                ran.says(&format!("{name}: 127.0.0.1: the reply is not understood: "));
            }
        }
    }
}

#[test]
fn moments_are_shown_alike_however_they_are_sent() {
    let world = World::without_tls();
    for (name, words) in &LISTS[2..] {
        let shown = Dates::ALL.iter().map(|&dates| {
            world.sim().set_vpnki_style(Style {
                dates,
                ..Style::default()
            });
            world.call(find(name), words).expect(0).stdout
        });
        let shown: Vec<String> = shown.collect();
        assert!(shown[0].contains("2016-10-10 08:15:30"), "{}", shown[0]);
        // The end of a connection that lasts is no moment, and stays as it is.
        let alike = |text: &str| text.replace("0000-00-00 00:00:00", "0000-00-00 00-00-00");
        assert_eq!(alike(&shown[0]), alike(&shown[1]));
    }
}

#[test]
fn a_new_tunnel_is_shown_alike_out_of_every_envelope() {
    let world = World::without_tls();
    world.sim().mark();
    for &envelope in Envelope::ALL {
        world.sim().reset();
        world.sim().set_vpnki_style(style(envelope));
        let ran = world.call(find("add_tunnel"), &[]).expect(0);
        let expected = "login:         user400\npassword:      invented-user400\n\
                        vpnki_address: 172.16.21.152\ncomment:\n";
        assert_eq!(ran.stdout, expected, "{envelope}");
        assert_eq!(world.sim().tunnels().len(), 3);
    }
}

#[test]
fn a_tunnel_that_was_not_made_is_a_refusal_in_every_envelope() {
    let world = World::without_tls();
    world.sim().set_tunnel_limit(2);
    for &envelope in Envelope::ALL {
        for &not_added in Refused::ALL {
            for real_status in [false, true] {
                world.sim().set_vpnki_style(Style {
                    not_added,
                    real_status,
                    ..style(envelope)
                });
                let ran = world.call(find("add_tunnel"), &[]).expect(77);
                assert_eq!(ran.stdout, "", "{envelope} {not_added}");
                ran.says("add_tunnel: 127.0.0.1 says: The limit of tunnels is reached");
            }
        }
    }
    assert_eq!(world.sim().tunnels().len(), 2);
}

#[test]
fn a_deletion_is_understood_in_every_way() {
    let world = World::without_tls();
    world.sim().mark();
    for &envelope in Envelope::ALL {
        for &deleted in Deleted::ALL {
            world.sim().reset();
            world.sim().set_vpnki_style(Style {
                deleted,
                ..style(envelope)
            });
            let ran = world.call(find("del_tunnel"), &["tunnel=user356", "--yes"]);
            let ran = ran.expect(0);
            let expected = match deleted {
                Deleted::Status => "status: OK\n",
                Deleted::Message => "message: OK\n",
                _ => "done\n",
            };
            assert_eq!(ran.stdout, expected, "{envelope} {deleted}");
            assert_eq!(ran.stderr, "", "{envelope} {deleted}");
            assert_eq!(world.sim().tunnels().len(), 1, "{envelope} {deleted}");
        }
    }
}

#[test]
fn an_error_is_reported_alike_out_of_every_envelope() {
    let world = World::without_tls();
    world.sim().remove_vpnki_key(VPNKI_KEY);
    for &envelope in Envelope::ALL {
        let text = match envelope {
            Envelope::V1 | Envelope::V20 => "API Key Disabled",
            _ => "API Key Not Found",
        };
        for real_status in [false, true] {
            for (name, words) in LISTS {
                world.sim().set_vpnki_style(Style {
                    real_status,
                    ..style(envelope)
                });
                let ran = world.call(find(name), words).expect(77);
                ran.says(&format!("{name}: 127.0.0.1 says: {text} (403)"));
            }
        }
    }
}
