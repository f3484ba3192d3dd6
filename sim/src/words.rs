//! A macro for enums that are words in a fault's specification, so that the
//! enum, its words and the help that lists them cannot drift apart.

/// Declares an enum with a word for each variant, and `FromStr`, `Display` and `ALL`.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the help.
            pub const ALL: &[$name] = &[$($name::$variant,)+];

            /// The word that stands for it.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok($name::$variant),)+
                    _ => Err(format!("“{word}” is none of: {}", [$($word),+].join(" "))),
                }
            }
        }
    };
}

pub(crate) use words;

/// For `#[serde(serialize_with)]`: the word itself.
pub(crate) fn as_text<T: std::fmt::Display, S: serde::Serializer>(
    word: &T,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_str(word)
}
