//! The kernel's description of its own types, `/sys/kernel/btf/vmlinux`: where a field stands in a
//! structure, so that programs need no headers. Documentation/bpf/btf.rst has the format.
//!
//! There are some 150 000 types and a few are asked for, so reading is one pass that remembers as
//! little as it can: where types stand whose names begin as those that will be asked for.

/// Why a description can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BtfError {
    /// It is no description of types, or one of another byte order.
    #[error("the kernel's description of its types is damaged")]
    Damaged,
    /// A type that programs need.
    #[error("the kernel's description of its types lacks `{name}`")]
    Missing {
        /// The type, and the field after a dot.
        name: String,
    },
}

/// What `BTF_KIND_*` of include/uapi/linux/btf.h means for the length of a type.
mod kind {
    pub(super) const INT: u32 = 1;
    pub(super) const ARRAY: u32 = 3;
    pub(super) const STRUCT: u32 = 4;
    pub(super) const UNION: u32 = 5;
    pub(super) const ENUM: u32 = 6;
    pub(super) const TYPEDEF: u32 = 8;
    pub(super) const VOLATILE: u32 = 9;
    pub(super) const CONST: u32 = 10;
    pub(super) const RESTRICT: u32 = 11;
    pub(super) const FUNC: u32 = 12;
    pub(super) const FUNC_PROTO: u32 = 13;
    pub(super) const VAR: u32 = 14;
    pub(super) const DATASEC: u32 = 15;
    pub(super) const DECL_TAG: u32 = 17;
    pub(super) const TYPE_TAG: u32 = 18;
    pub(super) const ENUM64: u32 = 19;
}

/// Qualifiers and names in front of a type that are followed; a bound for damaged descriptions.
const MAX_STEPS: usize = 32;
/// Structures within structures, likewise.
const MAX_DEPTH: usize = 16;
/// Members that are looked at for one name. `task_struct` has some 300.
const MAX_LOOKS: usize = 100_000;
/// Bytes in front of the members of a type.
const HEAD: usize = 12;

/// Of so many types the place of one is kept; others are found from there.
const STRIDE: usize = 16;

/// A description, with the places of types.
#[derive(Debug)]
pub struct Btf<'a> {
    bytes: &'a [u8],
    /// Where the strings begin.
    strings: usize,
    /// Where every so many types stand; number 1 comes first.
    places: Vec<usize>,
    named: Named,
    /// How many types there are.
    types: u32,
}

/// The types whose names begin in one of some ways, by the first eight bytes.
#[derive(Debug)]
struct Named {
    /// A bit for each beginning, and for others by chance.
    bits: [u64; Self::BITS / 64],
    /// Sorted, with the number and the place of each type.
    lists: Vec<(u64, Vec<(u32, usize)>)>,
}

#[derive(Debug, Clone, Copy)]
struct Type {
    place: usize,
    name: u32,
    kind: u32,
    members: usize,
    /// The members' places carry the width of bit fields.
    has_widths: bool,
    /// What it refers to.
    target: u32,
}

impl<'a> Btf<'a> {
    /// Reads a description, to be asked for types whose names begin as some of these, by the first
    /// eight bytes. For others all of it is gone through once more.
    pub fn read(bytes: &'a [u8], names: &[&str]) -> Result<Self, BtfError> {
        const MAGIC: u16 = 0xeb9f;
        let all = bytes;
        if half(all, 0) != Some(MAGIC) {
            return Err(BtfError::Damaged);
        }
        let header = |at| {
            word(all, at)
                .and_then(|value| usize::try_from(value).ok())
                .ok_or(BtfError::Damaged)
        };
        let length = header(4)?;
        let (types, types_length) = (length + header(8)?, header(12)?);
        let strings = length + header(16)?;
        let texts = all.get(strings..).unwrap_or_default();
        let mut places = Vec::new();
        let mut named = Named::new(names);
        let end = types + types_length;
        let mut at = types;
        let mut id = 0_u32;
        while at < end {
            let found = type_at(all, at)?;
            if usize::try_from(id).is_ok_and(|id| id.is_multiple_of(STRIDE)) {
                places.push(at);
            }
            id = id.checked_add(1).ok_or(BtfError::Damaged)?;
            if NAMED >> found.kind & 1 == 1 {
                let start = usize::try_from(found.name).unwrap_or(usize::MAX);
                named.note(beginning(texts.get(start..).unwrap_or_default()), id, at);
            }
            at += HEAD + tail(found);
        }
        Ok(Self {
            bytes,
            strings,
            places,
            named,
            types: id,
        })
    }

    /// The number of a type definition.
    pub fn typedef(&self, name: &str) -> Result<u32, BtfError> {
        self.find(name, |kind| kind == kind::TYPEDEF)
            .map(|(id, _)| id)
    }

    /// The number of a function, or of a variable.
    pub fn function(&self, name: &str) -> Result<u32, BtfError> {
        let is = |kind| matches!(kind, kind::FUNC | kind::VAR);
        self.find(name, is).map(|(id, _)| id)
    }

    /// The number of a structure.
    pub fn structure(&self, name: &str) -> Result<u32, BtfError> {
        self.find(name, |kind| kind == kind::STRUCT)
            .map(|(id, _)| id)
    }

    /// Where a field stands in a structure, in bytes. `path` goes through structures within it by
    /// dots; members without a name are looked through.
    pub fn offset(&self, structure: &str, path: &str) -> Result<i32, BtfError> {
        let missing = || BtfError::Missing {
            name: format!("{structure}.{path}"),
        };
        let (_, mut within) = self.find(structure, |kind| kind == kind::STRUCT)?;
        let mut offset = 0;
        for field in path.split('.') {
            let mut looks = MAX_LOOKS;
            let found = self.field(within, field, 0, &mut looks);
            let (at, target) = found.ok_or_else(missing)?;
            offset = at.checked_add(offset).ok_or_else(missing)?;
            within = self.resolved(target).ok_or_else(missing)?;
        }
        i32::try_from(offset).map_err(|_too_large| missing())
    }

    /// The first of several ways to say where a field stands, as kernels differ.
    pub fn offset_of_any(&self, structure: &str, paths: &[&str]) -> Result<i32, BtfError> {
        let mut last = BtfError::Damaged;
        for path in paths {
            match self.offset(structure, path) {
                Ok(offset) => return Ok(offset),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The value of a constant of an enumeration.
    pub fn constant(&self, enumeration: &str, name: &str) -> Result<u32, BtfError> {
        let (_, found) = self.find(enumeration, |kind| kind == kind::ENUM)?;
        (0..found.members)
            .map(|member| found.place + HEAD + member * 8)
            .find(|at| word(self.bytes, *at).is_some_and(|text| self.is_named(text, name)))
            .and_then(|at| word(self.bytes, at + 4))
            .ok_or_else(|| BtfError::Missing {
                name: format!("{enumeration}.{name}"),
            })
    }

    /// The first type of a name and some kinds.
    fn find(&self, name: &str, is: impl Fn(u32) -> bool) -> Result<(u32, Type), BtfError> {
        // A declaration without members is of another kind.
        let fits = |found: &Type| is(found.kind) && self.is_named(found.name, name);
        let found = match self.named.list(beginning(name.as_bytes())) {
            Some(list) => list.iter().find_map(|(id, place)| {
                let found = type_at(self.bytes, *place).ok()?;
                fits(&found).then_some((*id, found))
            }),
            None => self.first(fits),
        };
        found.ok_or_else(|| BtfError::Missing {
            name: name.to_owned(),
        })
    }

    /// The first of all types that fits.
    fn first(&self, fits: impl Fn(&Type) -> bool) -> Option<(u32, Type)> {
        let mut place = self.places.first().copied()?;
        for id in 1..=self.types {
            let found = type_at(self.bytes, place).ok()?;
            if fits(&found) {
                return Some((id, found));
            }
            place += HEAD + tail(found);
        }
        None
    }

    fn numbered(&self, id: u32) -> Option<Type> {
        let at = usize::try_from(id).ok()?.checked_sub(1)?;
        if id > self.types {
            return None;
        }
        let mut found = type_at(self.bytes, *self.places.get(at / STRIDE)?).ok()?;
        for _ in 0..at % STRIDE {
            found = type_at(self.bytes, found.place + HEAD + tail(found)).ok()?;
        }
        Some(found)
    }

    fn is_named(&self, at: u32, name: &str) -> bool {
        let start = usize::try_from(at).map_or(usize::MAX, |at| self.strings.saturating_add(at));
        let text = self.bytes.get(start..start.saturating_add(name.len() + 1));
        text.and_then(|text| text.split_last())
            .is_some_and(|(end, text)| *end == 0 && text == name.as_bytes())
    }

    /// The place in bytes and the type of a member. A structure may be within itself, in what is no
    /// kernel's, so not more than `looks` members are looked at.
    fn field(
        &self,
        within: Type,
        name: &str,
        depth: usize,
        looks: &mut usize,
    ) -> Option<(u32, u32)> {
        if !matches!(within.kind, kind::STRUCT | kind::UNION) || depth > MAX_DEPTH {
            return None;
        }
        for member in 0..within.members {
            *looks = looks.checked_sub(1)?;
            let at = within.place + HEAD + member * 12;
            let [text, target, place] =
                [at, at + 4, at + 8].map(|at| word(self.bytes, at).unwrap_or_default());
            // In bits; bit fields have no place in bytes and are not asked for.
            let bits = if within.has_widths {
                place & 0x00ff_ffff
            } else {
                place
            };
            if self.is_named(text, name) {
                return Some((bits / 8, target));
            }
            if self.is_named(text, "") {
                let inner = self.resolved(target);
                let found = inner.and_then(|inner| self.field(inner, name, depth + 1, looks));
                if let Some((inner, target)) = found {
                    return Some(((bits / 8).checked_add(inner)?, target));
                }
            }
        }
        None
    }

    /// The type behind names and qualifiers.
    fn resolved(&self, id: u32) -> Option<Type> {
        let mut id = id;
        for _ in 0..MAX_STEPS {
            let found = self.numbered(id)?;
            match found.kind {
                kind::TYPEDEF | kind::VOLATILE | kind::CONST | kind::RESTRICT | kind::TYPE_TAG => {
                    id = found.target;
                }
                _ => return Some(found),
            }
        }
        None
    }
}

impl Named {
    const BITS: usize = 1 << 10;

    fn new(names: &[&str]) -> Self {
        let mut lists: Vec<_> = names
            .iter()
            .map(|name| (beginning(name.as_bytes()), Vec::new()))
            .collect();
        lists.sort_unstable_by_key(|(beginning, _)| *beginning);
        lists.dedup_by_key(|(beginning, _)| *beginning);
        let mut bits = [0; Self::BITS / 64];
        for (beginning, _) in &lists {
            let (at, bit) = Self::bit(*beginning);
            if let Some(bits) = bits.get_mut(at) {
                *bits |= bit;
            }
        }
        Self { bits, lists }
    }

    /// The bit for a beginning.
    fn bit(beginning: u64) -> (usize, u64) {
        /// Odd, and as good as random.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = beginning.wrapping_mul(FACTOR).to_be_bytes();
        let [first, second, ..] = mixed;
        (usize::from(first & 15), 1 << (second & 63))
    }

    fn note(&mut self, beginning: u64, id: u32, place: usize) {
        let (at, bit) = Self::bit(beginning);
        if self.bits.get(at).is_some_and(|bits| bits & bit != 0)
            && let Ok(at) = self.at(beginning)
            && let Some((_, list)) = self.lists.get_mut(at)
        {
            list.push((id, place));
        }
    }

    fn at(&self, beginning: u64) -> Result<usize, usize> {
        self.lists
            .binary_search_by_key(&beginning, |(beginning, _)| *beginning)
    }

    /// All types with a beginning, if that was one to be noted.
    fn list(&self, beginning: u64) -> Option<&[(u32, usize)]> {
        let at = self.at(beginning).ok()?;
        self.lists.get(at).map(|(_, list)| list.as_slice())
    }
}

/// The first bytes of a name, which is what stands before a NUL, and zeros behind it.
fn beginning(text: &[u8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = text.first_chunk().map_or_else(
        || {
            let mut short = [0; 8];
            for (to, from) in short.iter_mut().zip(text) {
                *to = *from;
            }
            u64::from_le_bytes(short)
        },
        |word| u64::from_le_bytes(*word),
    );
    // The lowest bit of these is at the top of the first zero.
    let zeros = word.wrapping_sub(ONES) & !word & (ONES << 7);
    if zeros == 0 {
        return word;
    }
    word & ((1 << (zeros.trailing_zeros() - 7)) - 1)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let found = bytes.get(at..at.checked_add(2)?)?;
    found.try_into().ok().map(u16::from_ne_bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..at.checked_add(4)?)?;
    found.try_into().ok().map(u32::from_ne_bytes)
}

fn type_at(bytes: &[u8], place: usize) -> Result<Type, BtfError> {
    let head = bytes.get(place..).and_then(<[u8]>::first_chunk::<HEAD>);
    let (words, _) = head.ok_or(BtfError::Damaged)?.as_chunks();
    let [name, info, target] = words else {
        return Err(BtfError::Damaged);
    };
    let info = u32::from_ne_bytes(*info);
    Ok(Type {
        place,
        name: u32::from_ne_bytes(*name),
        kind: info >> 24 & 0x1f,
        members: usize::try_from(info & 0xffff).unwrap_or_default(),
        has_widths: info >> 31 == 1,
        target: u32::from_ne_bytes(*target),
    })
}

/// What can be asked for by its name, a bit for each kind.
const NAMED: u32 =
    1 << kind::STRUCT | 1 << kind::ENUM | 1 << kind::TYPEDEF | 1 << kind::FUNC | 1 << kind::VAR;

/// Bytes behind the head of a type.
const fn tail(of: Type) -> usize {
    // Kinds come in no order that a processor could guess, so that these had better be numbers.
    let (once, each) = match of.kind {
        kind::INT | kind::VAR | kind::DECL_TAG => (4, 0),
        kind::ARRAY => (12, 0),
        kind::STRUCT | kind::UNION | kind::DATASEC | kind::ENUM64 => (0, 12),
        kind::ENUM | kind::FUNC_PROTO => (0, 8),
        _ => (0, 0),
    };
    once + of.members * each
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A structure of eight members without a name, each of which is that structure.
    #[test]
    fn a_structure_within_itself() {
        let strings = b"\0task_struct\0";
        let mut types = Vec::new();
        for part in [1, (kind::STRUCT << 24) | 8, 8] {
            types.extend(part.to_le_bytes());
        }
        for _ in 0..8 {
            for part in [0_u32, 1, 0x4000_0000] {
                types.extend(part.to_le_bytes());
            }
        }
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        let sizes = [24, 0, types.len(), types.len(), strings.len()];
        for size in sizes {
            bytes.extend(u32::try_from(size).unwrap().to_le_bytes());
        }
        bytes.extend(types);
        bytes.extend(strings);
        for names in [&["task_struct"][..], &[]] {
            let found = Btf::read(&bytes, names).unwrap();
            assert!(found.offset("task_struct", "pid").is_err());
            assert!(found.find("task_struct", |_| true).is_ok());
            assert!(found.find("task_str", |_| true).is_err());
        }
    }

    #[test]
    fn beginnings_of_names() {
        for (text, expected) in [
            (&b""[..], &b""[..]),
            (b"\0abc", b""),
            (b"a", b"a"),
            (b"file\0more", b"file"),
            (b"seventh\0a", b"seventh"),
            (b"task_struct\0", b"task_str"),
            (b"\xff\x80\x01\0\xff\xff\xff\xff", b"\xff\x80\x01"),
        ] {
            let mut word = [0; 8];
            word[..expected.len()].copy_from_slice(expected);
            assert_eq!(beginning(text), u64::from_le_bytes(word), "{text:?}");
        }
    }
}
