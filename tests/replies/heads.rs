//! Heads of replies that are odd, and yet understood, as curl understands them.

use super::*;

/// The reply was not read, and so sent again for ever, because an old server folds its
/// header lines.
#[test]
fn odd_heads_are_read_as_curl_reads_them() {
    let length = OK.len();
    let chunked = format!("{length:x}\r\n{OK}\r\n0\r\n\r\n");
    let table = [
        (
            "folded",
            reply("200 OK", "X-Powered-By: PHP/5.2,\r\n\tZend\r\n", OK),
        ),
        ("folded at once", reply("200 OK", " Date: x\r\n", OK)),
        (
            "folded often",
            reply("200 OK", &format!("X: a\r\n{}", " b\r\n".repeat(500)), OK),
        ),
        (
            "a folded length",
            format!("HTTP/1.1 200 OK\r\nContent-Length:\r\n {length}\r\n\r\n{OK}rubbish").into(),
        ),
        (
            "a folded coding",
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n{chunked}").into(),
        ),
        (
            "a blank before the colon",
            format!("HTTP/1.1 200 OK\r\nContent-Length : {length}\r\n\r\n{OK}").into(),
        ),
        (
            "tabs before the colon",
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding\t \t: chunked\r\n\r\n{chunked}").into(),
        ),
        (
            "line feeds alone",
            format!("HTTP/1.1 200 OK\nX: a\n b\n\n{OK}").into(),
        ),
        ("no reason", format!("HTTP/1.1 200\r\n\r\n{OK}").into()),
        ("HTTP/1.0", format!("HTTP/1.0 200 OK\r\n\r\n{OK}").into()),
        (
            "interim replies",
            [
                "HTTP/1.1 100 Continue\r\nServer : x\r\n\r\n"
                    .repeat(3)
                    .into_bytes(),
                "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
                    .repeat(2000)
                    .into_bytes(),
                reply("200 OK", "", OK),
            ]
            .concat(),
        ),
        (
            "identity",
            reply("200 OK", "Content-Encoding: identity\r\n", OK),
        ),
        (
            "the same length twice",
            reply("200 OK", &format!("Content-Length: {length}\r\n"), OK),
        ),
        (
            "a length and chunks",
            reply("200 OK", "Transfer-Encoding: chunked\r\n", &chunked),
        ),
        (
            "another type",
            reply("200 OK", "Content-Type: text/html\r\n", OK),
        ),
        (
            "a byte order mark",
            reply("200 OK", "", format!("\u{feff}{OK}")),
        ),
        (
            "rubbish behind the body",
            [reply("200 OK", "", OK), b"HTTP/1.1 403 No\r\n\r\n".to_vec()].concat(),
        ),
    ];
    with_each(table, |(what, bytes)| {
        let household = Household::new(&bytes);
        let ran = household.once(what);
        assert_eq!(ran.code, Some(0), "{what}: {}", ran.said());
        assert_eq!(
            household.router.home_status()["confirmed"],
            "8.8.4.4",
            "{what}"
        );
    });
}

/// What came behind one reply is not the reply to the next request.
#[test]
fn a_reply_that_was_not_asked_for_confirms_nothing() {
    let household = Household::new(&[]);
    let router = &household.router;
    let (first, second) = (reply("200 OK", "", OK), reply("403 No", "", ERROR));
    household.server.set_reply(&[first.clone(), first].concat());
    let sections = ["one", "two"].map(|name| {
        let lines = "option source 'static'\noption address '8.8.4.4'";
        let section = router.section(name, &format!("{lines}\noption hostname '{name}'"));
        section.replace(&router.sim.https_url(), &household.server.url())
    });
    router.configure(&sections.concat());
    router.once().expect(0);
    assert_eq!(household.server.requests(), 2, "a connection each");
    household.server.set_reply(&second);
    router
        .run(&["once", "--force"])
        .expect(77)
        .says("one: refused")
        .says("two: refused");
}
