//! An index of the names of a long list.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;

/// An index that finds a name's place without looking through the list. It is one type for
/// every list, since each type of map brings a tree of its own into the binary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places<'a>(BTreeMap<Cow<'a, str>, usize>);

impl<'a> Places<'a> {
    /// The place where the name came first: this one, if it is new.
    pub(crate) fn first_place(&mut self, name: Cow<'a, str>, place: usize) -> usize {
        *self.0.entry(name).or_insert(place)
    }

    /// The place of a name, if it is known.
    pub(crate) fn get(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}

/// The first place of each name.
impl<'a> FromIterator<Cow<'a, str>> for Places<'a> {
    fn from_iter<I: IntoIterator<Item = Cow<'a, str>>>(names: I) -> Self {
        let mut places = Places::default();
        for (place, name) in names.into_iter().enumerate() {
            places.first_place(name, place);
        }
        places
    }
}
