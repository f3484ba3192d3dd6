//! `option transport`: one family alone.

use crate::bed::{Bed, V4, V6};

#[test]
fn the_family_that_is_chosen_is_the_only_one() {
    let bed = Bed::new();
    for (family, door) in [("ipv4", V4), ("ipv6", V6)] {
        bed.configure(&format!("option transport {family}"));
        bed.serve(V4, V6, &[(V4, "all"), (V6, "all")]);
        bed.sends();
        bed.run(&["skydns", "profiles", "ident=user1"]).expect(0);
        bed.run(&["check"])
            .says("home: www.skydns.ru knows the key");
        assert!(bed.visited().iter().all(|visited| visited == door));
    }
    bed.configure("option transport ipv6");
    bed.serve(V4, "nodata", &[(V4, "all")]);
    let ran = bed.run(&["once", "--force"]).expect(69);
    ran.says("name resolution of www.skydns.ru failed: it has no IPv6 address");
    assert!(bed.visited().is_empty());
}
