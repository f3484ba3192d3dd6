//! The table of faults that `--help` and `/_sim/` print.

use std::fmt::Write;

use crate::faults::{ErrorShape, NearMiss, Target};

/// One line of the table.
pub struct Row {
    /// An example that can be used as it stands.
    pub example: &'static str,
    /// The effect, and the meaning of the parameters.
    pub what: &'static str,
}

/// True for a fault that takes its time: a table of tests passes it over.
pub fn is_slow(fault: &str) -> bool {
    let slow = ["delay", "drip", "stall", "tls-stall"];
    slow.iter().any(|slow| fault.starts_with(slow))
}

/// Every fault, with an example.
pub const TABLE: &[Row] = &[
    row("none", "nothing; a place in a schedule"),
    row("status=503", "an HTTP status, with HTML"),
    row("status=429,retry-after=120", "… and Retry-After in seconds"),
    row(
        "status=503,retry-date=120",
        "… and Retry-After as a date, so many seconds ahead",
    ),
    row(
        "error=message",
        "a refusal in JSON (shapes below), status 200",
    ),
    row(
        "error=message,code=403,text=no",
        "… with this status and text; text= comes last",
    ),
    row("near-miss=question", "nearly a success (shapes below)"),
    row("ok-status=500", "the success body, with this status"),
    row("redirect=host", "a redirect (targets below)"),
    row("redirect=host,code=307", "… with this status"),
    row("html", "an HTML page with status 200"),
    row("html=502", "… with this status"),
    row(
        "body=OK",
        "this text with status 200; takes the rest of the line",
    ),
    row("empty", "status 200 and no body"),
    row("nul", "status 200 and 64 NUL bytes"),
    row("truncated", "the first half of the body, its length right"),
    row(
        "trailing-comma",
        "a comma too many, as in the documented sample of list_ip",
    ),
    row("php-warning", "a PHP warning before the body"),
    row("bom", "a byte order mark before the body"),
    row("escaped", "Cyrillic as \\uXXXX"),
    row("raw", "Cyrillic as it is (the default)"),
    row(
        "content-type=text/html",
        "another Content-Type; none: no such header",
    ),
    row(
        "oversize=10000000",
        "valid JSON of so many bytes (10 MB if no number)",
    ),
    row(
        "nesting=10000",
        "so many brackets inside each other (10,000)",
    ),
    row(
        "big-header=1000000",
        "a header line of so many bytes (1 MB)",
    ),
    row("chunked", "the body in small chunks"),
    row("bad-chunk", "a chunk size that is no number"),
    row("duplicate-length", "Content-Length twice, the same"),
    row("conflicting-length", "Content-Length twice, not the same"),
    row(
        "no-length",
        "no Content-Length: the body ends with the connection",
    ),
    row("http10", "a reply of HTTP/1.0"),
    row("not-http", "an answer that is not HTTP"),
    row("hang-up", "the reply, then the connection ends unannounced"),
    row("delay=2000", "the reply so many milliseconds later"),
    row("drip=200", "a byte every so many milliseconds"),
    row("stall=status", "nothing comes, the connection stays open"),
    row("stall=headers", "half of the headers, then nothing"),
    row("stall=body", "half of the body, then nothing"),
    row(
        "reset=before",
        "TCP reset when the request begins; not obeyed",
    ),
    row("reset=after", "TCP reset after the request was obeyed"),
    row("reset=body", "TCP reset in the middle of the body"),
    row(
        "close",
        "the request is obeyed, the connection closed without a reply",
    ),
    row("cut", "half of the promised body, then the end"),
    row("tls-wrong-ca", "a certificate of another CA"),
    row("tls-expired", "a certificate that ended yesterday"),
    row("tls-not-yet-valid", "a certificate that begins tomorrow"),
    row("tls-wrong-name", "a certificate for wrong.example"),
    row("tls-no-name", "a certificate with a common name alone"),
    row("tls-self-signed", "a certificate that vouches for itself"),
    row("tls-close", "closed after the client's hello"),
    row(
        "tls-alert",
        "the alert handshake_failure after the client's hello",
    ),
    row("tls-reset", "TCP reset after the client's hello"),
    row("tls-stall", "nothing after the client's hello"),
    row("tls-plain", "plain HTTP on the https port"),
    row("tls-1.2", "TLS 1.2 only, then served"),
    row("tls-1.3", "TLS 1.3 only, then served"),
];

const fn row(example: &'static str, what: &'static str) -> Row {
    Row { example, what }
}

/// The table as text, with the words that some faults choose from.
pub fn help() -> String {
    let mut text = String::from("Faults:\n");
    for Row { example, what } in TABLE {
        let _ = writeln!(text, "  {example:<32}{what}");
    }
    let shapes = ErrorShape::ALL.iter().map(|shape| shape.word());
    list(&mut text, "error shapes", shapes);
    let misses = NearMiss::ALL.iter().map(|miss| miss.word());
    list(&mut text, "near-miss shapes", misses);
    let targets = Target::ALL.iter().map(|target| target.word());
    list(&mut text, "redirect targets", targets);
    text
}

fn list(text: &mut String, title: &str, words: impl Iterator<Item = &'static str>) {
    let words: Vec<_> = words.collect();
    let _ = writeln!(text, "  {title}: {}", words.join(" "));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Fault;

    #[test]
    fn every_example_is_read_and_written_the_same() {
        for Row { example, .. } in TABLE {
            let fault: Fault = example.parse().unwrap();
            let again: Fault = fault.to_string().parse().unwrap();
            assert_eq!(fault, again, "{example}");
        }
    }

    #[test]
    fn what_is_wrong_in_a_specification_is_said() {
        for (spec, part) in [
            ("", "no fault is named"),
            ("tls-nonsense", "no fault is named"),
            ("status", "needs a value"),
            ("status=often", "status=often"),
            ("empty=3", "takes no value"),
            ("drip=200,code=4", "takes no parameter code"),
            ("redirect=moon", "none of: host http"),
        ] {
            let error = spec.parse::<Fault>().unwrap_err();
            assert!(error.contains(part), "{spec}: {error}");
        }
    }

    #[test]
    fn a_text_may_hold_commas() {
        let spec = "error=data,code=403,text=нет, никогда";
        let fault: Fault = spec.parse().unwrap();
        assert_eq!(fault.to_string(), spec);
    }
}
