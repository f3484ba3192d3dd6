//! The README's tables of the schema.

use wansync_core::json::Json;

/// The README's lines around them.
pub const BEGIN: &str =
    "<!-- From docs/status.schema.json, by UPDATE=1 cargo test --test status tables -->\n";
pub const END: &str = "<!-- end -->\n";

/// The schema's text.
pub const SCHEMA: &str = include_str!("../../docs/status.schema.json");

/// A table of the fields of the object, in the schema's order, one of those of each list's
/// objects below it, and so on.
pub fn tables() -> String {
    let schema = Json::parse(SCHEMA.as_bytes()).expect("JSON");
    let mut text = format!("\n{}\n", string(schema, "description"));
    let mut left = vec![("of the object".to_owned(), String::new(), schema)];
    while !left.is_empty() {
        let (title, place, object) = left.remove(0);
        text.push_str(&format!("\n| {title} | | |\n| --- | --- | --- |\n"));
        let mut lists = Vec::new();
        push_rows(&mut text, object, "", &mut lists);
        let lists = lists.into_iter().map(|(name, items)| {
            let place = format!("{place}{name}[]");
            (format!("of `{place}`"), format!("{place}."), items)
        });
        left.splice(0..0, lists);
    }
    text.push('\n');
    text
}

fn push_rows<'a>(
    text: &mut String,
    object: Json<'a>,
    prefix: &str,
    lists: &mut Vec<(String, Json<'a>)>,
) {
    let fields = object.get("properties").expect("an object").fields();
    for (name, field) in fields {
        let name = format!("{prefix}{name}");
        let (kind, about) = (kind(field), string(field, "description"));
        text.push_str(&format!("| `{name}` | {kind} | {about} |\n"));
        if field.get("properties").is_some() {
            push_rows(text, field, &format!("{name}."), lists);
        }
        let items = field.get("items");
        if let Some(items) = items.filter(|items| items.get("properties").is_some()) {
            lists.push((name, items));
        }
    }
}

/// What a field may be, in Markdown.
fn kind(field: Json<'_>) -> String {
    let texts = |list: Json<'_>| -> Vec<String> {
        let texts = list.items().filter_map(|item| item.text());
        texts.map(|text| text.into_owned()).collect()
    };
    let types = match field.get("type") {
        Some(one) if one.text().is_some() => vec![string(field, "type")],
        Some(list) => texts(list),
        // What stands elsewhere in the schema.
        None => vec!["object".to_owned(), "null".to_owned()],
    };
    let words: Vec<String> = types
        .iter()
        .map(|one| match (one.as_str(), field.get("enum")) {
            ("string", Some(values)) => format!("`{}`", texts(values).join("`, `")),
            ("string", None) if field.get("format").is_some() => "date".to_owned(),
            ("string", None) => "text".to_owned(),
            ("integer", _) => "number".to_owned(),
            ("boolean", _) => "true or false".to_owned(),
            ("array", _) => "list".to_owned(),
            (other, _) => other.to_owned(),
        })
        .collect();
    words.join(", ")
}

fn string(schema: Json<'_>, name: &str) -> String {
    let text = schema.get(name).and_then(|text| text.text());
    text.unwrap_or_else(|| panic!("no {name} in {schema:?}"))
        .into_owned()
}
