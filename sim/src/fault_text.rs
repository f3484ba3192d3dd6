//! The text of a fault, on a command line and in a log:
//! `status=503,retry-after=120`, `drip=200`, `tls-expired`.

use std::fmt;
use std::str::FromStr;

use crate::faults::{Fault, RetryAfter};

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Status { code, retry } => {
                write!(f, "status={code}")?;
                match retry {
                    Some(RetryAfter::Seconds(s)) => write!(f, ",retry-after={s}"),
                    Some(RetryAfter::Date(s)) => write!(f, ",retry-date={s}"),
                    None => Ok(()),
                }
            }
            Fault::Error { shape, code, text } => {
                write!(f, "error={shape}")?;
                if *code != 200 {
                    write!(f, ",code={code}")?;
                }
                match text {
                    Some(text) => write!(f, ",text={text}"),
                    None => Ok(()),
                }
            }
            Fault::Redirect { to, code: 302 } => write!(f, "redirect={to}"),
            Fault::Redirect { to, code } => write!(f, "redirect={to},code={code}"),
            Fault::Html(200) => f.write_str("html"),
            Fault::NearMiss(which) => write!(f, "near-miss={which}"),
            Fault::OkStatus(code) => write!(f, "ok-status={code}"),
            Fault::Html(code) => write!(f, "html={code}"),
            Fault::Body(text) => write!(f, "body={text}"),
            Fault::ContentType(text) => write!(f, "content-type={text}"),
            Fault::Oversize(bytes) => write!(f, "oversize={bytes}"),
            Fault::Nesting(depth) => write!(f, "nesting={depth}"),
            Fault::BigHeader(bytes) => write!(f, "big-header={bytes}"),
            Fault::Delay(ms) => write!(f, "delay={ms}"),
            Fault::Drip(ms) => write!(f, "drip={ms}"),
            Fault::Stall(point) => write!(f, "stall={point}"),
            Fault::Reset(point) => write!(f, "reset={point}"),
            Fault::Tls(tls) => write!(f, "{tls}"),
            plain => f.write_str(plain.plain_name()),
        }
    }
}

/// The faults that are a name and nothing else.
const PLAIN: &[(&str, Fault)] = &[
    ("none", Fault::None),
    ("empty", Fault::Empty),
    ("nul", Fault::Nul),
    ("truncated", Fault::Truncated),
    ("trailing-comma", Fault::TrailingComma),
    ("php-warning", Fault::PhpWarning),
    ("bom", Fault::Bom),
    ("escaped", Fault::Escaped),
    ("raw", Fault::Raw),
    ("chunked", Fault::Chunked),
    ("bad-chunk", Fault::BadChunk),
    ("duplicate-length", Fault::DuplicateLength),
    ("conflicting-length", Fault::ConflictingLength),
    ("no-length", Fault::NoLength),
    ("http10", Fault::Http10),
    ("not-http", Fault::NotHttp),
    ("hang-up", Fault::HangUp),
    ("close", Fault::Close),
    ("cut", Fault::Cut),
];

impl Fault {
    fn plain_name(&self) -> &'static str {
        let row = PLAIN.iter().find(|(_, fault)| fault == self);
        row.map_or("?", |(name, _)| name)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(spec: &str) -> Result<Fault, String> {
        let spec = Spec::split(spec);
        let fault = spec.fault()?;
        match spec.unused(&fault) {
            Some(name) => Err(format!("{} takes no parameter {name}", spec.name)),
            None => Ok(fault),
        }
    }
}

/// `NAME[=VALUE][,PARAMETER=VALUE]…`, taken apart.
struct Spec<'a> {
    name: &'a str,
    value: Option<&'a str>,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Spec<'a> {
    /// Never fails: what is malformed becomes an unknown name. The value
    /// of `body` and of `text` is all that follows, commas included.
    fn split(spec: &'a str) -> Spec<'a> {
        if let Some(text) = spec.strip_prefix("body=") {
            return Spec {
                name: "body",
                value: Some(text),
                parameters: Vec::new(),
            };
        }
        let (head, text) = match spec.split_once(",text=") {
            Some((head, text)) => (head, Some(text)),
            None => (spec, None),
        };
        let mut parts = head.split(',').map(|part| match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (part.trim(), None),
        });
        let (name, value) = parts.next().unwrap_or(("", None));
        let parameters = parts.map(|(name, value)| (name, value.unwrap_or("")));
        Spec {
            name,
            value,
            parameters: parameters.chain(text.map(|text| ("text", text))).collect(),
        }
    }

    fn fault(&self) -> Result<Fault, String> {
        Ok(match self.name {
            "status" => Fault::Status {
                code: self.value()?,
                retry: self.retry()?,
            },
            "error" => Fault::Error {
                shape: self.value()?,
                code: self.parameter("code")?.unwrap_or(200),
                text: self.parameter("text")?,
            },
            "near-miss" => Fault::NearMiss(self.value()?),
            "ok-status" => Fault::OkStatus(self.value()?),
            "redirect" => Fault::Redirect {
                to: self.value()?,
                code: self.parameter("code")?.unwrap_or(302),
            },
            "html" => Fault::Html(self.value_or(200)?),
            "body" => Fault::Body(self.value()?),
            "content-type" => Fault::ContentType(self.value()?),
            "oversize" => Fault::Oversize(self.value_or(10_000_000)?),
            "nesting" => Fault::Nesting(self.value_or(10_000)?),
            "big-header" => Fault::BigHeader(self.value_or(1_000_000)?),
            "delay" => Fault::Delay(self.value()?),
            "drip" => Fault::Drip(self.value()?),
            "stall" => Fault::Stall(self.value()?),
            "reset" => Fault::Reset(self.value()?),
            _ => return self.plain(),
        })
    }

    fn plain(&self) -> Result<Fault, String> {
        let tls = self.name.parse().ok().map(Fault::Tls);
        let row = PLAIN.iter().find(|(name, _)| *name == self.name);
        let fault = tls.or_else(|| row.map(|(_, fault)| fault.clone()));
        match (fault, self.value) {
            (Some(fault), None) => Ok(fault),
            (Some(_), Some(_)) => Err(format!("{} takes no value", self.name)),
            (None, _) => Err(format!("no fault is named “{}”", self.name)),
        }
    }

    fn retry(&self) -> Result<Option<RetryAfter>, String> {
        let seconds = self.parameter("retry-after")?.map(RetryAfter::Seconds);
        let date = self.parameter("retry-date")?.map(RetryAfter::Date);
        Ok(seconds.or(date))
    }

    fn value<T: FromStr<Err: fmt::Display>>(&self) -> Result<T, String> {
        let value = self.value.ok_or(format!("{} needs a value", self.name))?;
        parsed(self.name, value)
    }

    fn value_or<T: FromStr<Err: fmt::Display>>(&self, default: T) -> Result<T, String> {
        self.value
            .map_or(Ok(default), |value| parsed(self.name, value))
    }

    fn parameter<T: FromStr<Err: fmt::Display>>(&self, name: &str) -> Result<Option<T>, String> {
        let found = self.parameters.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| parsed(name, value)).transpose()
    }

    fn unused(&self, fault: &Fault) -> Option<&'a str> {
        let known: &[&str] = match fault {
            Fault::Status { .. } => &["retry-after", "retry-date"],
            Fault::Error { .. } => &["code", "text"],
            Fault::Redirect { .. } => &["code"],
            _ => &[],
        };
        let names = self.parameters.iter().map(|(name, _)| *name);
        names.into_iter().find(|name| !known.contains(name))
    }
}

fn parsed<T: FromStr<Err: fmt::Display>>(name: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|cause| format!("{name}={value}: {cause}"))
}
