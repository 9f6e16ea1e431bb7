//! JSON to a profile.

use super::MAX_BYTES;
use super::error::FormatError;
use super::object::Object;
use super::raw::Fields;
use crate::profile::ConditionalProfile;

/// The profile in `bytes`, flat or with Docker's conditions.
///
/// Strict, since a typo must not widen a policy: unknown and doubled fields, names that no
/// architecture has, unknown words and numbers out of range are errors with their place, although
/// engines pass over most of them. What has no effect is dropped: `$schema`, the top-level
/// `comment`, empty comments, `listenerPath` and `listenerMetadata`, the number of an action that
/// takes none, and `valueTwo` of operators other than `SCMP_CMP_MASKED_EQ`. A name may stand twice
/// in a rule.
///
/// Never panics. Memory is a multiple of the size, which [`MAX_BYTES`] bounds; the nesting is
/// bounded by the fields, of which none holds a value of any shape.
pub fn read(bytes: &[u8]) -> Result<ConditionalProfile, FormatError> {
    if bytes.len() > MAX_BYTES {
        return Err(FormatError::TooLarge { bytes: bytes.len() });
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return Err(FormatError::ByteOrderMark);
    }
    match bytes.trim_ascii_start().first() {
        Some(b'{') => {}
        Some(_) => return Err(FormatError::NotAnObject),
        None => return Err(FormatError::Empty),
    }
    let Object(fields) = serde_json::from_slice::<Object<Fields>>(bytes)?;
    let Some(default_action) = fields.default_action else {
        return Err(if fields.rules.is_empty() {
            FormatError::NoProfile
        } else {
            FormatError::NoDefaultAction
        });
    };
    if !fields.architectures.is_empty() && !fields.arch_map.is_empty() {
        return Err(FormatError::TwoArchitectureLists);
    }
    Ok(ConditionalProfile {
        default_action,
        architectures: fields.architectures,
        arch_map: fields.arch_map,
        rules: fields.rules,
        flags: fields.flags,
    })
}
