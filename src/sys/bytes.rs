//! Finds bytes 64 at a time, with the vector instructions of the processor it runs on.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use std::fmt;

#[cfg(target_arch = "x86_64")]
use super::wide::{Wide, Widest};

/// Bytes that are taken together, one for each bit of a word.
pub const BITS: usize = 64;

/// Bytes looked for at once.
pub(super) const SOUGHT: usize = 6;

/// Where in 64 bytes the bytes looked for are: a word for each, a bit for each byte.
pub type Planes = [u64; SOUGHT];

/// Takes what was found. A closure would not be inlined for certain.
pub trait Take {
    /// Takes the next 64 bytes; to be inlined.
    fn take(&mut self, planes: Planes, vectors: impl Vectors);
}

/// Work for [`with_wide_instructions`].
pub trait Work {
    /// What comes of it.
    type Outcome;

    /// Does it; to be inlined.
    fn run(self, vectors: impl Vectors) -> Self::Outcome;
}

/// What a processor does with many bytes at once. A value of a type says that it can.
pub trait Vectors: Copy + fmt::Debug {
    /// Where 32 bytes are those of others, a bit for each.
    fn alike(self, bytes: &[u8; 32], others: &[u8; 32]) -> u32;

    /// Where 32 bytes are digits, at the places where `digits` has all bits, and where they are
    /// those of others, at the places where it has none.
    fn shaped(self, bytes: &[u8; 32], digits: &[u8; 32], others: &[u8; 32]) -> u32;

    /// Where in 64 bytes others are, a word for each of those.
    fn planes(self, bytes: &[u8; BITS], sought: [u8; SOUGHT]) -> Planes;

    /// At each place of half as many bytes, the lowest so far; `but` does not count.
    fn lowest(self, bytes: &[u8; BITS], but: u8, before: [u8; 32]) -> [u8; 32];

    /// Each bit together with all that come before it: whether their number is odd.
    fn odd(self, bits: u64) -> u64;

    /// Writes where the bits of a word are, counted from `base`, in their order, and perhaps
    /// anything behind them.
    #[inline(always)]
    fn positions(self, bits: u64, base: u32, room: &mut [u32; BITS]) {
        write_positions(bits, base, room);
    }

    /// Where among 32 bytes a byte is.
    #[inline(always)]
    fn equal(self, bytes: &[u8; 32], sought: u8) -> u32 {
        self.alike(bytes, &[sought; 32])
    }
}

#[inline(always)]
pub(super) fn write_positions(mut bits: u64, base: u32, room: &mut [u32; BITS]) {
    /// Bits that are taken at once. To write some too many costs less than to ask how many there
    /// are.
    const AT_ONCE: usize = 4;
    let (groups, _) = room.as_chunks_mut::<AT_ONCE>();
    for group in groups {
        for at in group {
            *at = base.wrapping_add(bits.trailing_zeros());
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            break;
        }
    }
}

/// What every processor of this kind has.
#[derive(Debug, Clone, Copy)]
pub struct Common;

impl Vectors for Common {
    #[inline(always)]
    fn alike(self, bytes: &[u8; 32], others: &[u8; 32]) -> u32 {
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: SSE2 is a part of x86_64, and all that the function needs besides what its
            // types say.
            unsafe { sse2::alike(bytes, others) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        bits(bytes.iter().zip(others).map(|(one, other)| one == other))
    }

    #[inline(always)]
    fn shaped(self, bytes: &[u8; 32], digits: &[u8; 32], others: &[u8; 32]) -> u32 {
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: SSE2 is a part of x86_64, and all that the function needs besides what its
            // types say.
            unsafe { sse2::shaped(bytes, digits, others) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        bits(
            bytes
                .iter()
                .zip(digits)
                .zip(others)
                .map(|((byte, digit), other)| {
                    if *digit == 0 {
                        byte == other
                    } else {
                        byte.is_ascii_digit()
                    }
                }),
        )
    }

    #[inline(always)]
    fn planes(self, bytes: &[u8; BITS], sought: [u8; SOUGHT]) -> Planes {
        let (halves, _) = bytes.as_chunks::<32>();
        let [low, high] = halves else {
            return Planes::default();
        };
        sought.map(|byte| {
            u64::from(self.equal(low, byte)) | (u64::from(self.equal(high, byte)) << 32)
        })
    }

    #[inline(always)]
    fn lowest(self, bytes: &[u8; BITS], but: u8, mut before: [u8; 32]) -> [u8; 32] {
        let (halves, _) = bytes.as_chunks::<32>();
        for half in halves {
            for (lowest, byte) in before.iter_mut().zip(half) {
                let byte = if *byte == but { u8::MAX } else { *byte };
                *lowest = byte.min(*lowest);
            }
        }
        before
    }

    #[inline(always)]
    fn odd(self, mut bits: u64) -> u64 {
        bits ^= bits << 1;
        bits ^= bits << 2;
        bits ^= bits << 4;
        bits ^= bits << 8;
        bits ^= bits << 16;
        bits ^ (bits << 32)
    }
}

/// Runs `work` compiled for a processor with vectors of 32 bytes and instructions for bits, if this
/// is one. That holds for all of it that is inlined.
pub fn with_wide_instructions<W: Work>(work: W) -> W::Outcome {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
        fn run<W: Work>(work: W, vectors: Wide) -> W::Outcome {
            work.run(vectors)
        }
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2")]
        fn run_widest<W: Work>(work: W, vectors: Widest) -> W::Outcome {
            work.run(vectors)
        }
        if let Some(wide) = Wide::detect() {
            if let Some(widest) = Widest::detect(wide) {
                // SAFETY: the processor has what the function is compiled for, as `detect` asked,
                // which is all that it needs besides what its types say.
                return unsafe { run_widest(work, widest) };
            }
            // SAFETY: as above.
            return unsafe { run(work, wide) };
        }
    }
    work.run(Common)
}

/// Tells `take`, for each 64 bytes of a block, where in them each of `sought` is. Returns whether
/// there are control characters besides the first of `sought`.
#[inline(always)]
pub fn find_bytes(
    block: &[u8],
    sought: [u8; SOUGHT],
    take: &mut impl Take,
    vectors: impl Vectors,
) -> bool {
    let [first, ..] = sought;
    let mut lowest = [u8::MAX; 32];
    let (chunks, rest) = block.as_chunks::<BITS>();
    for chunk in chunks {
        lowest = vectors.lowest(chunk, first, lowest);
        take.take(vectors.planes(chunk, sought), vectors);
    }
    if !rest.is_empty() {
        let mut last = [u8::MAX; BITS];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        let own = !0 >> (BITS - rest.len());
        lowest = vectors.lowest(&last, first, lowest);
        take.take(
            vectors.planes(&last, sought).map(|plane| plane & own),
            vectors,
        );
    }
    lowest.iter().any(|byte| *byte < b' ')
}

/// Where in 64 bytes others are, a word for each of those.
pub fn planes(bytes: &[u8; BITS], sought: [u8; SOUGHT]) -> Planes {
    struct Look<'a>(&'a [u8; BITS], [u8; SOUGHT]);
    impl Work for Look<'_> {
        type Outcome = Planes;

        #[inline(always)]
        fn run(self, vectors: impl Vectors) -> Planes {
            vectors.planes(self.0, self.1)
        }
    }
    with_wide_instructions(Look(bytes, sought))
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
        __m128i, _mm_and_si128, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8,
        _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8, _mm_sub_epi8,
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
    pub(super) fn shaped(bytes: &[u8; 32], digits: &[u8; 32], others: &[u8; 32]) -> u32 {
        let ([low, high], [low_digits, high_digits]) = (halves(bytes), halves(digits));
        let [low_others, high_others] = halves(others);
        let shaped = |bytes: __m128i, digits: __m128i, others: __m128i| {
            let values = _mm_sub_epi8(bytes, _mm_set1_epi8(0x30));
            let least = _mm_min_epu8(values, _mm_set1_epi8(9));
            let are_digits = _mm_cmpeq_epi8(least, values);
            let are_others = _mm_cmpeq_epi8(bytes, others);
            _mm_or_si128(
                _mm_and_si128(digits, are_digits),
                _mm_andnot_si128(digits, are_others),
            )
        };
        bits(
            shaped(low, low_digits, low_others),
            shaped(high, high_digits, high_others),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Take for Vec<Planes> {
        fn take(&mut self, planes: Planes, _: impl Vectors) {
            self.push(planes);
        }
    }

    /// What vectors say of some bytes.
    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        planes: Vec<Planes>,
        controls: bool,
        windows: Vec<[u32; 3]>,
        odd: Vec<u64>,
        positions: Vec<u32>,
    }

    struct See<'a> {
        bytes: &'a [u8],
        seen: &'a mut Seen,
    }

    const OTHERS: &[u8; 32] = b"0a(1\n\"< 0a(1\n\"< 0a(1\n\"< 0a(1\n\"< ";

    /// Every second place, and some more.
    const DIGITS: [u8; 32] = *b"\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\xff\xff\xff\0\0\0\0\xff\0\xff\0\xff\0\xff\0";

    const SOME: [u8; SOUGHT] = *b"\n()<\"\\";

    impl Work for See<'_> {
        type Outcome = ();

        fn run(self, vectors: impl Vectors) {
            let Self { bytes, seen } = self;
            seen.controls = find_bytes(bytes, SOME, &mut seen.planes, vectors);
            for window in bytes.windows(32).filter_map(|window| window.first_chunk()) {
                seen.windows.push([
                    vectors.equal(window, b'('),
                    vectors.alike(window, OTHERS),
                    vectors.shaped(window, &DIGITS, OTHERS),
                ]);
            }
            for word in bytes.as_chunks().0 {
                let word = u64::from_le_bytes(*word);
                seen.odd.push(vectors.odd(word));
                let mut room = [0; BITS];
                vectors.positions(word, 7, &mut room);
                let count = usize::try_from(word.count_ones()).unwrap();
                seen.positions.extend(&room[..count]);
            }
        }
    }

    /// Byte by byte, as it is meant.
    fn plainly(bytes: &[u8]) -> Seen {
        let word = |chunk: &[u8], holds: &dyn Fn(u8) -> bool| -> u64 {
            let bits = chunk.iter().zip(0u32..);
            bits.fold(0, |word, (byte, at)| word | (u64::from(holds(*byte)) << at))
        };
        let window =
            |window: &[u8], holds: &dyn Fn(u8) -> bool| u32::try_from(word(window, holds)).unwrap();
        Seen {
            planes: bytes
                .chunks(BITS)
                .map(|chunk| SOME.map(|sought| word(chunk, &|byte| byte == sought)))
                .collect(),
            controls: bytes.iter().any(|byte| *byte < b' ' && *byte != b'\n'),
            windows: bytes
                .windows(32)
                .map(|bytes| {
                    let alike = bytes.iter().zip(OTHERS).zip(0u32..);
                    let shaped = bytes.iter().zip(OTHERS).zip(DIGITS).zip(0u32..);
                    [
                        window(bytes, &|byte| byte == b'('),
                        alike.fold(0, |bits, ((one, other), at)| {
                            bits | (u32::from(one == other) << at)
                        }),
                        shaped.fold(0, |bits, (((byte, other), digit), at)| {
                            let digit = digit != 0 && byte.is_ascii_digit();
                            let other = byte == other;
                            bits | (u32::from(if DIGITS[at as usize] == 0 {
                                other
                            } else {
                                digit
                            }) << at)
                        }),
                    ]
                })
                .collect(),
            positions: bytes
                .as_chunks()
                .0
                .iter()
                .flat_map(|word| {
                    let bits = u64::from_le_bytes(*word);
                    (0..64)
                        .filter(move |at| bits >> at & 1 == 1)
                        .map(|at| at + 7)
                })
                .collect(),
            odd: bytes
                .as_chunks()
                .0
                .iter()
                .map(|word| {
                    let bits = u64::from_le_bytes(*word);
                    (0..64).fold(0, |odd, at| {
                        odd | (u64::from((bits & (!0 >> (63 - at))).count_ones() % 2) << at)
                    })
                })
                .collect(),
        }
    }

    /// With no more than vectors of 32 bytes, if this processor has them.
    #[cfg(target_arch = "x86_64")]
    fn with_32_bytes(see: See<'_>) {
        match Wide::detect() {
            Some(wide) => see.run(wide),
            None => see.run(Common),
        }
    }

    proptest! {
        #[test]
        fn as_byte_by_byte(bytes in prop::collection::vec(
            prop_oneof![prop::sample::select(b"()\"<>\n\\ 01a".to_vec()), any::<u8>()], 0..700)) {
            let plain = plainly(&bytes);
            let seen = |run: fn(See<'_>)| {
                let mut seen = Seen::default();
                run(See { bytes: &bytes, seen: &mut seen });
                seen
            };
            prop_assert_eq!(&seen(|see| with_wide_instructions(see)), &plain);
            prop_assert_eq!(&seen(|see| see.run(Common)), &plain);
            #[cfg(target_arch = "x86_64")]
            prop_assert_eq!(&seen(with_32_bytes), &plain);
        }
    }
}
