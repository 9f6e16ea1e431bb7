//! What processors of `x86_64` do with 32 or 64 bytes at once, where they have the instructions.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wider instructions"
)]

use std::sync::LazyLock;

use super::bytes::{BITS, Planes, SOUGHT, Vectors};

/// Vectors of 32 bytes and instructions for bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wide(());

impl Wide {
    /// If this processor has them.
    pub(super) fn detect() -> Option<Self> {
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

impl Vectors for Wide {
    #[inline(always)]
    fn alike(self, bytes: &[u8; 32], others: &[u8; 32]) -> u32 {
        // SAFETY: the processor has what the function is compiled for, as `detect` asked, which
        // is all that it needs besides what its types say.
        unsafe { of_32::alike(bytes, others) }
    }

    #[inline(always)]
    fn shaped(self, bytes: &[u8; 32], digits: &[u8; 32], others: &[u8; 32]) -> u32 {
        // SAFETY: as in `alike`.
        unsafe { of_32::shaped(bytes, digits, others) }
    }

    #[inline(always)]
    fn planes(self, bytes: &[u8; BITS], sought: [u8; SOUGHT]) -> Planes {
        // SAFETY: as in `alike`.
        unsafe { of_32::planes(bytes, sought) }
    }

    #[inline(always)]
    fn lowest(self, bytes: &[u8; BITS], but: u8, before: [u8; 32]) -> [u8; 32] {
        // SAFETY: as in `alike`.
        unsafe { of_32::lowest(bytes, but, before) }
    }

    #[inline(always)]
    fn odd(self, bits: u64) -> u64 {
        // SAFETY: as in `alike`.
        unsafe { of_32::odd(bits) }
    }
}

/// Vectors of 64 bytes, and what [`Wide`] has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Widest(Wide);

impl Widest {
    /// If this processor has them.
    pub(super) fn detect(wide: Wide) -> Option<Self> {
        use std::arch::is_x86_feature_detected;
        static HAS: LazyLock<bool> = LazyLock::new(|| {
            is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vbmi2")
        });
        HAS.then_some(Self(wide))
    }
}

impl Vectors for Widest {
    #[inline(always)]
    fn alike(self, bytes: &[u8; 32], others: &[u8; 32]) -> u32 {
        self.0.alike(bytes, others)
    }

    #[inline(always)]
    fn shaped(self, bytes: &[u8; 32], digits: &[u8; 32], others: &[u8; 32]) -> u32 {
        self.0.shaped(bytes, digits, others)
    }

    #[inline(always)]
    fn planes(self, bytes: &[u8; BITS], sought: [u8; SOUGHT]) -> Planes {
        // SAFETY: the processor has what the function is compiled for, as `detect` asked, which
        // is all that it needs besides what its types say.
        unsafe { of_64::planes(bytes, sought) }
    }

    #[inline(always)]
    fn lowest(self, bytes: &[u8; BITS], but: u8, before: [u8; 32]) -> [u8; 32] {
        self.0.lowest(bytes, but, before)
    }

    #[inline(always)]
    fn odd(self, bits: u64) -> u64 {
        self.0.odd(bits)
    }

    #[inline(always)]
    fn positions(self, bits: u64, base: u32, room: &mut [u32; BITS]) {
        // SAFETY: as in `planes`.
        unsafe { of_64::positions(bits, base, room) }
    }
}

mod of_32 {
    use std::arch::x86_64::{
        __m256i, _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_set1_epi8,
        _mm256_blendv_epi8, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8,
        _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_storeu_si256,
        _mm256_sub_epi8,
    };

    use crate::sys::bytes::{BITS, Planes, SOUGHT};

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
    pub(super) fn shaped(bytes: &[u8; 32], digits: &[u8; 32], others: &[u8; 32]) -> u32 {
        let bytes = load(bytes);
        let values = _mm256_sub_epi8(bytes, all(b'0'));
        let are_digits = _mm256_cmpeq_epi8(_mm256_min_epu8(values, all(9)), values);
        let are_others = _mm256_cmpeq_epi8(bytes, load(others));
        bits(_mm256_blendv_epi8(are_others, are_digits, load(digits)))
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

mod of_64 {
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask,
        _mm512_cvtepu8_epi32, _mm512_loadu_epi8, _mm512_maskz_compress_epi8, _mm512_set1_epi8,
        _mm512_set1_epi32, _mm512_storeu_epi32,
    };

    use crate::sys::bytes::{BITS, Planes, SOUGHT, write_positions};

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn load(bytes: &[u8; BITS]) -> __m512i {
        // SAFETY: the 64 bytes that are read are those of the array; the load asks for no
        // alignment.
        unsafe { _mm512_loadu_epi8(bytes.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn planes(bytes: &[u8; BITS], sought: [u8; SOUGHT]) -> Planes {
        let bytes = load(bytes);
        let mut planes = Planes::default();
        for (plane, byte) in planes.iter_mut().zip(sought) {
            *plane = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()));
        }
        planes
    }

    /// The numbers of the places of 64.
    const PLACES: [u8; BITS] = {
        let mut places = [0; BITS];
        let mut rest: &mut [u8] = &mut places;
        let mut next = 0;
        while let [place, behind @ ..] = rest {
            *place = next;
            next += 1;
            rest = behind;
        }
        places
    };

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,popcnt")]
    pub(super) fn positions(bits: u64, base: u32, room: &mut [u32; BITS]) {
        const AT_ONCE: u32 = 16;
        let places = _mm512_maskz_compress_epi8(bits, load(&PLACES));
        let places = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places));
        let positions = _mm512_add_epi32(places, _mm512_set1_epi32(base.cast_signed()));
        // SAFETY: the 16 words that are written are the first of the 64 of the array; the store
        // asks for no alignment.
        unsafe { _mm512_storeu_epi32(room.as_mut_ptr().cast(), positions) };
        if bits.count_ones() > AT_ONCE {
            write_positions(bits, base, room);
        }
    }
}
