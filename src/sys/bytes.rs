//! Finds bytes 64 at a time, with the vector instructions of the processor it runs on.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

/// Bytes that are taken together, one for each bit of a word.
pub const BITS: usize = 64;

/// Bytes looked for at once.
const SOUGHT: usize = 6;

/// Where in 64 bytes the bytes looked for are: a word for each, a bit for each byte.
pub type Planes = [u64; SOUGHT];

/// Takes what was found. A closure would not be inlined for certain.
pub trait Take {
    /// Takes the next 64 bytes, and where control characters are in them; to be inlined.
    fn take(&mut self, planes: Planes, controls: u64);
}

/// Work for [`with_wide_instructions`].
pub trait Work {
    /// Does it; to be inlined.
    fn run(self);
}

/// Runs `work` compiled for a processor with vectors of 32 bytes and instructions for bits, if this
/// is one. That holds for all of it that is inlined.
pub fn with_wide_instructions(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
        fn wide(work: impl Work) {
            work.run();
        }
        if is_wide() {
            // SAFETY: the processor has what the function is compiled for, as was just asked,
            // which is all that it needs besides what its types say.
            return unsafe { wide(work) };
        }
    }
    work.run();
}

#[cfg(target_arch = "x86_64")]
fn is_wide() -> bool {
    use std::arch::is_x86_feature_detected;
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

/// Tells `take`, for each 64 bytes of a block, where in them each of `sought` is.
pub fn find_bytes(block: &[u8], sought: [u8; SOUGHT], take: &mut impl Take) {
    #[cfg(target_arch = "x86_64")]
    if is_wide() {
        // SAFETY: the processor has what the function is compiled for, as the line before asked,
        // which is all that it needs besides what its types say.
        unsafe { with_avx2(block, sought, take) };
        return;
    }
    plainly(block, sought, take);
}

/// Byte by byte, as it is meant.
fn plainly(block: &[u8], sought: [u8; SOUGHT], take: &mut impl Take) {
    for chunk in block.chunks(BITS) {
        take.take(marked(chunk, sought), controls(chunk));
    }
}

fn controls(chunk: &[u8]) -> u64 {
    let bits = chunk.iter().zip(0u32..);
    bits.fold(0, |word, (byte, at)| word | (u64::from(*byte < b' ') << at))
}

fn marked(chunk: &[u8], sought: [u8; SOUGHT]) -> Planes {
    sought.map(|sought| {
        let bits = chunk.iter().zip(0u32..);
        bits.fold(0, |word, (byte, at)| {
            word | (u64::from(*byte == sought) << at)
        })
    })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx2(block: &[u8], sought: [u8; SOUGHT], take: &mut impl Take) {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
    };
    // Each by itself: what is given to `map` is compiled without these instructions.
    let wide = sought.map(|byte| [byte; 32]);
    let load = |bytes: &[u8; 32]| -> __m256i {
        // SAFETY: the 32 bytes that are read are those of the array; the load asks for no
        // alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    };
    let [first, second, third, fourth, fifth, sixth] = &wide;
    let (first, second) = (load(first), load(second));
    let (third, fourth) = (load(third), load(fourth));
    let (fifth, sixth) = (load(fifth), load(sixth));
    let last_control = load(&[b' ' - 1; 32]);
    let (chunks, rest) = block.as_chunks::<BITS>();
    for chunk in chunks {
        let (halves, _) = chunk.as_chunks::<32>();
        let [low, high] = halves else { continue };
        let (low, high) = (load(low), load(high));
        let bits = |half: __m256i, sought: __m256i| {
            let equal = _mm256_cmpeq_epi8(half, sought);
            u64::from(_mm256_movemask_epi8(equal).cast_unsigned())
        };
        let both = |sought: __m256i| bits(low, sought) | (bits(high, sought) << 32);
        let below = |half: __m256i| bits(_mm256_min_epu8(half, last_control), half);
        let controls = below(low) | (below(high) << 32);
        let planes = [
            both(first),
            both(second),
            both(third),
            both(fourth),
            both(fifth),
            both(sixth),
        ];
        take.take(planes, controls);
    }
    if !rest.is_empty() {
        take.take(marked(rest, sought), controls(rest));
    }
}

/// Where among 32 bytes a byte is, a bit for each.
#[inline(always)]
pub fn equal(bytes: &[u8; 32], sought: u8) -> u32 {
    alike(bytes, &[sought; 32])
}

/// Where 32 bytes are those of others.
#[inline(always)]
pub fn alike(bytes: &[u8; 32], others: &[u8; 32]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 is a part of x86_64, and all that the function needs besides what its
        // types say.
        unsafe { sse2::alike(bytes, others) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    bits(bytes.iter().zip(others).map(|(one, other)| one == other))
}

/// Where among 32 bytes digits are.
#[inline(always)]
pub fn digits(bytes: &[u8; 32]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 is a part of x86_64, and all that the function needs besides what its
        // types say.
        unsafe { sse2::digits(bytes) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    bits(bytes.iter().map(u8::is_ascii_digit))
}

#[cfg(not(target_arch = "x86_64"))]
fn bits(holds: impl Iterator<Item = bool>) -> u32 {
    holds
        .zip(0u32..)
        .fold(0, |word, (holds, at)| word | (u32::from(holds) << at))
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8,
        _mm_sub_epi8,
    };

    #[inline]
    #[target_feature(enable = "sse2")]
    fn halves(bytes: &[u8; 32]) -> [__m128i; 2] {
        let (words, _) = bytes.as_chunks::<8>();
        let [first, second, third, fourth] = words else {
            return [_mm_set1_epi8(0); 2];
        };
        let word = |bytes: &[u8; 8]| i64::from_le_bytes(*bytes);
        [
            _mm_set_epi64x(word(second), word(first)),
            _mm_set_epi64x(word(fourth), word(third)),
        ]
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn bits(low: __m128i, high: __m128i) -> u32 {
        let low = _mm_movemask_epi8(low).cast_unsigned();
        low | (_mm_movemask_epi8(high).cast_unsigned() << 16)
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn alike(bytes: &[u8; 32], others: &[u8; 32]) -> u32 {
        let ([low, high], [other_low, other_high]) = (halves(bytes), halves(others));
        bits(
            _mm_cmpeq_epi8(low, other_low),
            _mm_cmpeq_epi8(high, other_high),
        )
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn digits(bytes: &[u8; 32]) -> u32 {
        let (zeros, nines) = (_mm_set1_epi8(0x30), _mm_set1_epi8(9));
        let [low, high] = halves(bytes);
        let (low, high) = (_mm_sub_epi8(low, zeros), _mm_sub_epi8(high, zeros));
        bits(
            _mm_cmpeq_epi8(_mm_min_epu8(low, nines), low),
            _mm_cmpeq_epi8(_mm_min_epu8(high, nines), high),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Take for Vec<(Planes, u64)> {
        fn take(&mut self, planes: Planes, controls: u64) {
            self.push((planes, controls));
        }
    }

    proptest! {
        #[test]
        fn as_byte_by_byte(bytes in prop::collection::vec(
            prop_oneof![prop::sample::select(b"()\"<>\n\\ ".to_vec()), any::<u8>()], 0..700)) {
            let (mut fast, mut plain) = (Vec::new(), Vec::new());
            find_bytes(&bytes, *b"()\"<\n\\", &mut fast);
            plainly(&bytes, *b"()\"<\n\\", &mut plain);
            prop_assert_eq!(fast, plain);
        }

        #[test]
        fn equal_bytes(bytes in any::<[u8; 32]>(), at in 0usize..32, sought: u8) {
            let mut bytes = bytes;
            bytes[at] = sought;
            let plain = (0..32).filter(|at| bytes[*at] == sought).fold(0, |bits, at| bits | 1 << at);
            prop_assert_eq!(equal(&bytes, sought), plain);
            let plain = (0..32).filter(|at| bytes[*at].is_ascii_digit()).fold(0, |bits, at| bits | 1 << at);
            prop_assert_eq!(digits(&bytes), plain);
        }
    }
}
