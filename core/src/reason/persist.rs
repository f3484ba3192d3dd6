//! A reason in files, and for programs.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Argument, Code, Reason};
use crate::json::{FieldReader, Json, JsonKind, JsonWriter, Persist};

/// In a file a reason is three fields: its words under the field's own name, as versions
/// without codes have it, and its code and arguments beside them. A code that this version
/// does not know leaves the words.
impl Persist for Reason {
    fn write_json(&self, out: &mut JsonWriter) {
        out.shown(self);
    }

    fn read(json: Json<'_>) -> Option<Reason> {
        Some(Reason::words(&json.text()?))
    }

    fn write_field(&self, name: &str, out: &mut JsonWriter) {
        out.name(name);
        self.write_json(out);
        if self.code != Code::Words {
            self.write_code([&format!("{name}_code"), &format!("{name}_args")], out);
        }
    }

    fn read_field(&mut self, name: &str, fields: &mut FieldReader<'_>) -> bool {
        let Some(words) = fields.find(name) else {
            return true;
        };
        let (mut code, mut arguments) = (None, None);
        while let Some((ending, value)) = fields.find_next(name) {
            match &*ending {
                "_code" => code = Some(value),
                "_args" => arguments = Some(value),
                _ => {}
            }
        }
        let coded = Reason::of_code(code, arguments);
        *self = match coded.or_else(|| Reason::read(words)) {
            Some(reason) => reason,
            None => return false,
        };
        true
    }
}

impl Reason {
    /// Writes its code and its arguments as fields of these names.
    pub(crate) fn write_code(&self, names: [&str; 2], out: &mut JsonWriter) {
        out.name(names[0]);
        out.text(self.code.name());
        out.name(names[1]);
        self.write_arguments(out);
    }

    /// Writes an object of the arguments.
    pub fn write_arguments(&self, out: &mut JsonWriter) {
        out.open();
        for (name, argument) in self.arguments() {
            out.name(name);
            match argument {
                Argument::Text(text) => out.text(text),
                Argument::Number(number) => number.write_json(out),
                Argument::Reasons(reasons) => out.list(reasons, &Reason::write_coded),
            }
        }
        out.close();
    }

    /// Writes an object of the code and the arguments.
    pub(crate) fn write_coded(&self, out: &mut JsonWriter) {
        out.open();
        self.write_code(["code", "args"], out);
        out.close();
    }

    /// The reason of such an object; of a code that this version does not know, that code.
    pub(crate) fn read_coded(json: Json<'_>) -> Reason {
        let code = json.get("code");
        let name = || code.and_then(Json::text).unwrap_or_default();
        Reason::of_code(code, json.get("args")).unwrap_or_else(|| Reason::words(&name()))
    }

    /// The reason of a code and an object of arguments, if both are those of this version.
    pub(crate) fn of_code(code: Option<Json<'_>>, arguments: Option<Json<'_>>) -> Option<Reason> {
        let code = Code::from_name(&code?.text()?)?;
        let arguments = arguments?;
        let mut found = Vec::new();
        for name in code.arguments() {
            found.push(argument(arguments.get(name)?)?);
        }
        Some(Reason {
            code,
            arguments: found,
        })
    }
}

fn argument(json: Json<'_>) -> Option<Argument> {
    Some(match json.kind() {
        JsonKind::Text => Argument::Text(String::read(json)?),
        JsonKind::Number => Argument::Number(u32::read(json)?),
        JsonKind::Array => {
            let mut reasons = Vec::new();
            for item in json.items() {
                reasons.push(Reason::of_code(item.get("code"), item.get("args"))?);
            }
            Argument::Reasons(reasons)
        }
        _ => return None,
    })
}
