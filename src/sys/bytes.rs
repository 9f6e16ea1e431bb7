//! Finds bytes 64 at a time, with the vector instructions of the processor it runs on.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use std::fmt;
#[cfg(target_arch = "x86_64")]
use std::sync::LazyLock;

/// Bytes that are taken together, one for each bit of a word.
pub const BITS: usize = 64;

/// Bytes looked for at once.
const SOUGHT: usize = 6;

/// Where in 64 bytes the bytes looked for are: a word for each, a bit for each byte.
pub type Planes = [u64; SOUGHT];

/// Takes what was found. A closure would not be inlined for certain.
pub trait Take {
    /// Takes the next 64 bytes; to be inlined.
    fn take(&mut self, planes: Planes, vectors: impl Vectors);
}

/// Work for [`with_wide_instructions`].
pub trait Work {
    /// Does it; to be inlined.
    fn run(self, vectors: impl Vectors);
}

/// What a processor does with many bytes at once. A value of a type says that it can.
pub trait Vectors: Copy + fmt::Debug {
    /// Where 32 bytes are those of others, a bit for each.
    fn alike(self, bytes: &[u8; 32], others: &[u8; 32]) -> u32;

    /// Where among 32 bytes digits are.
    fn digits(self, bytes: &[u8; 32]) -> u32;

    /// Where in 64 bytes others are, a word for each of those.
    fn planes(self, bytes: &[u8; BITS], sought: [u8; SOUGHT]) -> Planes;

    /// At each place of half as many bytes, the lowest so far; `but` does not count.
    fn lowest(self, bytes: &[u8; BITS], but: u8, before: [u8; 32]) -> [u8; 32];

    /// Each bit together with all that come before it: whether their number is odd.
    fn odd(self, bits: u64) -> u64;

    /// Where among 32 bytes a byte is.
    #[inline(always)]
    fn equal(self, bytes: &[u8; 32], sought: u8) -> u32 {
        self.alike(bytes, &[sought; 32])
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
    fn digits(self, bytes: &[u8; 32]) -> u32 {
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: SSE2 is a part of x86_64, and all that the function needs besides what its
            // types say.
            unsafe { sse2::digits(bytes) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        bits(bytes.iter().map(u8::is_ascii_digit))
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

/// Vectors of 32 bytes and instructions for bits.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy)]
struct Wide(());

#[cfg(target_arch = "x86_64")]
impl Wide {
    /// If this processor has them.
    fn detect() -> Option<Self> {
        use std::arch::is_x86_feature_detected;
        static HAS: LazyLock<bool> = LazyLock::new(|| {
            is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("pclmulqdq")
                && is_x86_feature_detected!("popcnt")
        });
        HAS.then_some(Self(()))
    }
}

#[cfg(target_arch = "x86_64")]
impl Vectors for Wide {
    #[inline(always)]
    fn alike(self, bytes: &[u8; 32], others: &[u8; 32]) -> u32 {
        // SAFETY: the processor has what the function is compiled for, as `detect` asked, which
        // is all that it needs besides what its types say.
        unsafe { wide::alike(bytes, others) }
    }

    #[inline(always)]
    fn digits(self, bytes: &[u8; 32]) -> u32 {
        // SAFETY: as in `alike`.
        unsafe { wide::digits(bytes) }
    }

    #[inline(always)]
    fn planes(self, bytes: &[u8; BITS], sought: [u8; SOUGHT]) -> Planes {
        // SAFETY: as in `alike`.
        unsafe { wide::planes(bytes, sought) }
    }

    #[inline(always)]
    fn lowest(self, bytes: &[u8; BITS], but: u8, before: [u8; 32]) -> [u8; 32] {
        // SAFETY: as in `alike`.
        unsafe { wide::lowest(bytes, but, before) }
    }

    #[inline(always)]
    fn odd(self, bits: u64) -> u64 {
        // SAFETY: as in `alike`.
        unsafe { wide::odd(bits) }
    }
}

/// Runs `work` compiled for a processor with vectors of 32 bytes and instructions for bits, if this
/// is one. That holds for all of it that is inlined.
pub fn with_wide_instructions(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,pclmulqdq,popcnt")]
        fn run(work: impl Work, vectors: Wide) {
            work.run(vectors);
        }
        if let Some(vectors) = Wide::detect() {
            // SAFETY: the processor has what the function is compiled for, as `detect` asked,
            // which is all that it needs besides what its types say.
            return unsafe { run(work, vectors) };
        }
    }
    work.run(Common);
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
    #[cfg(target_arch = "x86_64")]
    if Wide::detect().is_some() {
        // SAFETY: the processor has what the function is compiled for, as the line before asked,
        // which is all that it needs besides what its types say.
        return unsafe { wide::planes(bytes, sought) };
    }
    Common.planes(bytes, sought)
}

#[cfg(not(target_arch = "x86_64"))]
fn bits(holds: impl Iterator<Item = bool>) -> u32 {
    holds
        .zip(0u32..)
        .fold(0, |word, (holds, at)| word | (u32::from(holds) << at))
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::{
        __m256i, _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_set1_epi8,
        _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8, _mm256_storeu_si256, _mm256_sub_epi8,
    };

    use super::{BITS, Planes, SOUGHT};

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(bytes: &[u8; 32]) -> __m256i {
        // SAFETY: the 32 bytes that are read are those of the array; the load asks for no
        // alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn bits(equal: __m256i) -> u32 {
        _mm256_movemask_epi8(equal).cast_unsigned()
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn all(byte: u8) -> __m256i {
        _mm256_set1_epi8(byte.cast_signed())
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn alike(bytes: &[u8; 32], others: &[u8; 32]) -> u32 {
        bits(_mm256_cmpeq_epi8(load(bytes), load(others)))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn digits(bytes: &[u8; 32]) -> u32 {
        let digits = _mm256_sub_epi8(load(bytes), all(b'0'));
        bits(_mm256_cmpeq_epi8(_mm256_min_epu8(digits, all(9)), digits))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn planes(bytes: &[u8; BITS], sought: [u8; SOUGHT]) -> Planes {
        let (halves, _) = bytes.as_chunks::<32>();
        let [low, high] = halves else {
            return Planes::default();
        };
        let (low, high) = (load(low), load(high));
        // A loop, as what is given to `map` is compiled without these instructions.
        let mut planes = Planes::default();
        for (plane, byte) in planes.iter_mut().zip(sought) {
            let low = bits(_mm256_cmpeq_epi8(low, all(byte)));
            let high = bits(_mm256_cmpeq_epi8(high, all(byte)));
            *plane = u64::from(low) | (u64::from(high) << 32);
        }
        planes
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn lowest(bytes: &[u8; BITS], but: u8, before: [u8; 32]) -> [u8; 32] {
        let mut lowest = load(&before);
        let (halves, _) = bytes.as_chunks::<32>();
        for half in halves {
            let half = load(half);
            let high = _mm256_or_si256(half, _mm256_cmpeq_epi8(half, all(but)));
            lowest = _mm256_min_epu8(lowest, high);
        }
        let mut after = [0; 32];
        // SAFETY: the 32 bytes that are written are those of the array; the store asks for no
        // alignment.
        unsafe { _mm256_storeu_si256(after.as_mut_ptr().cast(), lowest) };
        after
    }

    #[inline]
    #[target_feature(enable = "pclmulqdq,sse2")]
    pub(super) fn odd(bits: u64) -> u64 {
        // To multiply without carries by ones alone adds up what each bit has before it.
        let bits = _mm_cvtsi64_si128(bits.cast_signed());
        let all = _mm_clmulepi64_si128::<0>(bits, _mm_set1_epi8(-1));
        _mm_cvtsi128_si64(all).cast_unsigned()
    }
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
    }

    struct See<'a> {
        bytes: &'a [u8],
        seen: &'a mut Seen,
    }

    const SOME: [u8; SOUGHT] = *b"\n()<\"\\";

    impl Work for See<'_> {
        fn run(self, vectors: impl Vectors) {
            let Self { bytes, seen } = self;
            seen.controls = find_bytes(bytes, SOME, &mut seen.planes, vectors);
            for window in bytes.windows(32).filter_map(|window| window.first_chunk()) {
                seen.windows.push([
                    vectors.equal(window, b'('),
                    vectors.alike(window, b"0a(1\n\"< 0a(1\n\"< 0a(1\n\"< 0a(1\n\"< "),
                    vectors.digits(window),
                ]);
            }
            for word in bytes.as_chunks().0 {
                seen.odd.push(vectors.odd(u64::from_le_bytes(*word)));
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
        let others = b"0a(1\n\"< 0a(1\n\"< 0a(1\n\"< 0a(1\n\"< ";
        Seen {
            planes: bytes
                .chunks(BITS)
                .map(|chunk| SOME.map(|sought| word(chunk, &|byte| byte == sought)))
                .collect(),
            controls: bytes.iter().any(|byte| *byte < b' ' && *byte != b'\n'),
            windows: bytes
                .windows(32)
                .map(|bytes| {
                    let alike = bytes.iter().zip(others).zip(0u32..);
                    [
                        window(bytes, &|byte| byte == b'('),
                        alike.fold(0, |bits, ((one, other), at)| {
                            bits | (u32::from(one == other) << at)
                        }),
                        window(bytes, &|byte| byte.is_ascii_digit()),
                    ]
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

    proptest! {
        #[test]
        fn as_byte_by_byte(bytes in prop::collection::vec(
            prop_oneof![prop::sample::select(b"()\"<>\n\\ 01a".to_vec()), any::<u8>()], 0..700)) {
            let (mut most, mut common) = (Seen::default(), Seen::default());
            with_wide_instructions(See { bytes: &bytes, seen: &mut most });
            See { bytes: &bytes, seen: &mut common }.run(Common);
            prop_assert_eq!(&most, &plainly(&bytes));
            prop_assert_eq!(most, common);
        }
    }
}
