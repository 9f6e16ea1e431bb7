//! Finds bytes 64 at a time, with the vector instructions of the processor it runs on.

/// Bits of a word, one for a byte.
pub const BITS: usize = 64;

/// Line ends, and other bytes that are looked for, in a block.
#[derive(Debug, Default)]
pub struct LineMarks {
    /// A bit for each byte, set for line ends.
    pub ends: Vec<u64>,
    /// A bit for each byte, set for those looked for.
    pub others: Vec<u64>,
}

impl LineMarks {
    /// Marks the bytes of a block, where `others` are those looked for besides line ends.
    pub fn find(&mut self, bytes: &[u8], others: [u8; 4]) {
        self.ends.clear();
        self.others.clear();
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as the line before asked, which is all that the
            // function needs besides what its types say.
            unsafe { self.with_avx2(bytes, others) };
            return;
        }
        self.plainly(bytes, others);
    }

    /// Byte by byte, as it is meant.
    fn plainly(&mut self, bytes: &[u8], others: [u8; 4]) {
        for chunk in bytes.chunks(BITS) {
            let (mut ends, mut found) = (0, 0);
            for (at, byte) in chunk.iter().enumerate() {
                ends |= u64::from(*byte == b'\n') << at;
                found |= u64::from(others.contains(byte)) << at;
            }
            self.ends.push(ends);
            self.others.push(found);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn with_avx2(&mut self, bytes: &[u8], others: [u8; 4]) {
        use std::arch::x86_64::{
            __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
            _mm256_set1_epi8,
        };
        let end = _mm256_set1_epi8(b'\n'.cast_signed());
        let [a, b, c, d] = others.map(|byte| _mm256_set1_epi8(byte.cast_signed()));
        let marks = |half: &[u8; 32]| -> (u64, u64) {
            // SAFETY: the 32 bytes that are read are those of the array; the load asks for no
            // alignment.
            let here = unsafe { _mm256_loadu_si256(half.as_ptr().cast()) };
            let eq = |to: __m256i| _mm256_cmpeq_epi8(here, to);
            let bits = |found: __m256i| u64::from(_mm256_movemask_epi8(found).cast_unsigned());
            let found =
                _mm256_or_si256(_mm256_or_si256(eq(a), eq(b)), _mm256_or_si256(eq(c), eq(d)));
            (bits(eq(end)), bits(found))
        };
        let (chunks, rest) = bytes.as_chunks::<BITS>();
        self.ends.resize(chunks.len(), 0);
        self.others.resize(chunks.len(), 0);
        let words = self.ends.iter_mut().zip(&mut self.others);
        for ((ends, found), chunk) in words.zip(chunks) {
            let (halves, _) = chunk.as_chunks::<32>();
            let [low, high] = halves else { continue };
            let ((low_ends, low_found), (high_ends, high_found)) = (marks(low), marks(high));
            *ends = low_ends | (high_ends << 32);
            *found = low_found | (high_found << 32);
        }
        if !rest.is_empty() {
            self.plainly(rest, others);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_byte_by_byte(bytes in prop::collection::vec(
            prop_oneof![prop::sample::select(b"()\"<>\n\\ ".to_vec()), any::<u8>()], 0..700)) {
            let (mut fast, mut plain) = (LineMarks::default(), LineMarks::default());
            fast.find(&bytes, *b"()\"<");
            plain.plainly(&bytes, *b"()\"<");
            prop_assert_eq!(fast.ends, plain.ends);
            prop_assert_eq!(fast.others, plain.others);
        }
    }
}
