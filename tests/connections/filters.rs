//! Answers of filters: addresses that no service has.

use crate::bed::{Bed, DEAD_V6, V4, V6};

const BLOCKED: &str = "name resolution of www.skydns.ru failed: a filter on this router or its \
                       DNS blocks the name: it answers ";

#[test]
fn a_filter_blocks_the_name() {
    let bed = Bed::new();
    for (a, aaaa, shown) in [
        ("0.0.0.0", "nodata", "0.0.0.0"),
        ("0.0.0.0", "::", ""),
        ("127.0.0.1", "nodata", "127.0.0.1"),
        ("nodata", "::1", "::1"),
        ("nodata", "::ffff:0.0.0.0", "::ffff:0.0.0.0"),
        ("127.0.53.53", "servfail", "127.0.53.53"),
    ] {
        bed.serve(a, aaaa, &[]);
        bed.fails(&format!("{BLOCKED}{shown}"));
    }
    bed.hosts(&["0.0.0.0"]);
    bed.fails(&format!("{BLOCKED}0.0.0.0"));
}

/// A router's own pages on https, say, where a filter sends the name.
#[test]
fn this_router_answers_in_place_of_the_service() {
    let bed = Bed::new();
    bed.serve("127.0.0.1", "nodata", &[]);
    let _pages = bed.serve_pages();
    bed.fails("TLS with www.skydns.ru failed: ")
        .says("; 127.0.0.1 is this router itself: does a filter block the name?");
}

/// A list that blocks the one half of a name: what becomes of the other half is not all that
/// there is to say.
#[test]
fn a_filter_that_blocks_half_a_name_is_named() {
    let bed = Bed::new();
    let asks = "does a filter block the name?";
    bed.serve("0.0.0.0", V6, &[]);
    bed.fails("no connection to www.skydns.ru: 2a07:a8c0::1: Connection refused; ")
        .says(&format!("0.0.0.0 is no host: {asks}"));
    bed.serve("127.0.0.1", DEAD_V6, &[]);
    bed.fails("the connection of www.skydns.ru took longer than 24 s (2a07:a8c0::dead, ")
        .says(&format!("127.0.0.1 is this router itself: {asks})"));
}

#[test]
fn good_answers_beside_those_of_a_filter_are_used() {
    let bed = Bed::new();
    for (a, aaaa, door) in [
        (format!("0.0.0.0,{V4}"), "::".to_owned(), V4),
        ("127.0.0.1".to_owned(), V6.to_owned(), V6),
    ] {
        bed.serve(&a, &aaaa, &[(V4, "all"), (V6, "all")]);
        bed.sends();
        assert_eq!(bed.visited(), [door]);
    }
}
