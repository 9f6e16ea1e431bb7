//! The kernel's description of its own types, `/sys/kernel/btf/vmlinux`: where a field stands in a
//! structure, so that programs need no headers. Documentation/bpf/btf.rst has the format.
//!
//! There are some 150 000 types and a few are asked for, so reading is one pass that remembers as
//! little as it can.

use memchr::memchr;

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
/// Lists of names.
const LISTS: usize = 1 << 14;

/// A description, with the places of types.
#[derive(Debug)]
pub struct Btf<'a> {
    bytes: &'a [u8],
    /// Where the strings begin.
    strings: usize,
    /// Where every so many types stand; number 1 comes first.
    places: Vec<usize>,
    /// The last structure, enumeration or type definition of each list, by its place in `named`
    /// plus 1.
    lists: Vec<u32>,
    named: Vec<Named>,
    /// How many types there are.
    types: u32,
}

/// A type that may be asked for by its name.
#[derive(Debug, Clone, Copy)]
struct Named {
    id: u32,
    /// The one before it in its list, as there.
    before: u32,
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
    /// Reads a description.
    pub fn read(bytes: &'a [u8]) -> Result<Self, BtfError> {
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
        let mut lists = vec![0; LISTS];
        let mut named: Vec<Named> = Vec::new();
        let end = types + types_length;
        let mut at = types;
        let mut id = 0_u32;
        while at < end {
            let found = type_at(all, at)?;
            if usize::try_from(id).is_ok_and(|id| id.is_multiple_of(STRIDE)) {
                places.push(at);
            }
            id = id.checked_add(1).ok_or(BtfError::Damaged)?;
            if matches!(found.kind, kind::STRUCT | kind::ENUM | kind::TYPEDEF) {
                let start = usize::try_from(found.name).unwrap_or(usize::MAX);
                let list = list_of(texts.get(start..).unwrap_or_default());
                if let Some(last) = lists.get_mut(list) {
                    named.push(Named { id, before: *last });
                    *last = u32::try_from(named.len()).unwrap_or_default();
                }
            }
            at += HEAD + tail(found);
        }
        Ok(Self {
            bytes,
            strings,
            places,
            lists,
            named,
            types: id,
        })
    }

    /// The number of a type definition.
    pub fn typedef(&self, name: &str) -> Result<u32, BtfError> {
        self.find(name, kind::TYPEDEF).map(|(id, _)| id)
    }

    /// The number of a function. Few are asked for, so that none has a place among the names.
    pub fn function(&self, name: &str) -> Result<u32, BtfError> {
        let [number] = self.functions([name])?;
        number.ok_or_else(|| BtfError::Missing {
            name: name.to_owned(),
        })
    }

    /// The numbers of several functions, or variables, in one go.
    pub fn functions<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Result<[Option<u32>; N], BtfError> {
        let mut numbers = [None; N];
        let mut missing = N;
        let mut place = self.places.first().copied().unwrap_or_default();
        for id in 1..=self.types {
            let found = type_at(self.bytes, place)?;
            if matches!(found.kind, kind::FUNC | kind::VAR) {
                for (number, name) in numbers.iter_mut().zip(names) {
                    if number.is_none() && self.is_named(found.name, name) {
                        *number = Some(id);
                        missing -= 1;
                    }
                }
            }
            if missing == 0 {
                break;
            }
            place += HEAD + tail(found);
        }
        Ok(numbers)
    }

    /// Where a field stands in a structure, in bytes. `path` goes through structures within it by
    /// dots; members without a name are looked through.
    pub fn offset(&self, structure: &str, path: &str) -> Result<i32, BtfError> {
        let missing = || BtfError::Missing {
            name: format!("{structure}.{path}"),
        };
        let (_, mut within) = self.find(structure, kind::STRUCT)?;
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
        let (_, found) = self.find(enumeration, kind::ENUM)?;
        (0..found.members)
            .map(|member| found.place + HEAD + member * 8)
            .find(|at| word(self.bytes, *at).is_some_and(|text| self.is_named(text, name)))
            .and_then(|at| word(self.bytes, at + 4))
            .ok_or_else(|| BtfError::Missing {
                name: format!("{enumeration}.{name}"),
            })
    }

    fn find(&self, name: &str, kind: u32) -> Result<(u32, Type), BtfError> {
        let missing = || BtfError::Missing {
            name: name.to_owned(),
        };
        let list = self.lists.get(list_of(name.as_bytes()));
        let mut at = list.copied().unwrap_or_default();
        let mut first = None;
        // The last one comes first here.
        while let Some(named) = self.at(at) {
            let found = self.numbered(named.id).ok_or(BtfError::Damaged)?;
            // A declaration without members is of another kind.
            if found.kind == kind && self.is_named(found.name, name) {
                first = Some((named.id, found));
            }
            at = named.before;
        }
        first.ok_or_else(missing)
    }

    /// What stands in a list under a number, which is 0 behind the last.
    fn at(&self, number: u32) -> Option<Named> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.named.get(at).copied()
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

/// The list for a name, which is what stands before a NUL.
fn list_of(text: &[u8]) -> usize {
    /// Longer names are told apart by their beginning.
    const LONGEST: usize = 64;
    /// Odd, and as good as random.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let text = text.get(..LONGEST).unwrap_or(text);
    let length = memchr(0, text).unwrap_or(text.len());
    let (whole, rest) = text.get(..length).unwrap_or_default().as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let words = whole.iter().chain([&last]);
    let mixed = words.fold(0_u64, |mixed, word| {
        let mixed = (mixed ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
        mixed ^ (mixed >> 32)
    });
    usize::try_from(mixed).map_or(0, |mixed| mixed % LISTS)
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
    let read = |at| word(bytes, place + at).ok_or(BtfError::Damaged);
    let info = read(4)?;
    Ok(Type {
        place,
        name: read(0)?,
        kind: info >> 24 & 0x1f,
        members: usize::try_from(info & 0xffff).unwrap_or_default(),
        has_widths: info >> 31 == 1,
        target: read(8)?,
    })
}

/// Bytes behind the head of a type.
const fn tail(of: Type) -> usize {
    match of.kind {
        kind::INT | kind::VAR | kind::DECL_TAG => 4,
        kind::ARRAY => 12,
        kind::STRUCT | kind::UNION | kind::DATASEC | kind::ENUM64 => of.members * 12,
        kind::ENUM | kind::FUNC_PROTO => of.members * 8,
        _ => 0,
    }
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
        let found = Btf::read(&bytes).unwrap();
        assert!(found.offset("task_struct", "pid").is_err());
    }
}
