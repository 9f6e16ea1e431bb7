//! Finds bytes 64 at a time, with the vector instructions of the processor it runs on.

/// Bits of a word, one for a byte.
pub const BITS: usize = 64;

/// Bytes looked for at once.
pub(super) const SOUGHT: usize = 8;

/// Where in 64 bytes the bytes looked for are: a word for each, a bit for each byte.
pub type Planes = [u64; SOUGHT];

/// Work for [`with_wide_instructions`]. A closure would not be inlined for certain.
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
        if std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2")
            && std::arch::is_x86_feature_detected!("lzcnt")
            && std::arch::is_x86_feature_detected!("popcnt")
        {
            // SAFETY: the processor has what the function is compiled for, as was just asked,
            // which is all that it needs besides what its types say.
            return unsafe { wide(work) };
        }
    }
    work.run();
}

/// Marks where in a block each of `sought` is, and says so in `found` for each 64 bytes.
pub fn find_bytes(block: &[u8], sought: [u8; SOUGHT], found: &mut Vec<Planes>) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as the line before asked, which is all that the
        // function needs besides what its types say.
        unsafe { with_avx2(block, sought, found) };
        return;
    }
    plainly(block, sought, found);
}

/// Byte by byte, as it is meant.
fn plainly(block: &[u8], sought: [u8; SOUGHT], found: &mut Vec<Planes>) {
    found.clear();
    found.extend(block.chunks(BITS).map(|chunk| marked(chunk, sought)));
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
#[target_feature(enable = "avx2")]
fn with_avx2(block: &[u8], sought: [u8; SOUGHT], found: &mut Vec<Planes>) {
    use std::arch::x86_64::{__m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8};
    // Each by itself: what is given to `map` is compiled without these instructions.
    let wide = sought.map(|byte| [byte; 32]);
    let load = |bytes: &[u8; 32]| -> __m256i {
        // SAFETY: the 32 bytes that are read are those of the array; the load asks for no
        // alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    };
    let [first, second, third, fourth, fifth, sixth, seventh, eighth] = &wide;
    let (first, second) = (load(first), load(second));
    let (third, fourth) = (load(third), load(fourth));
    let (fifth, sixth) = (load(fifth), load(sixth));
    let (seventh, eighth) = (load(seventh), load(eighth));
    let (chunks, rest) = block.as_chunks::<BITS>();
    found.resize(chunks.len(), Planes::default());
    for (planes, chunk) in found.iter_mut().zip(chunks) {
        let (halves, _) = chunk.as_chunks::<32>();
        let [low, high] = halves else { continue };
        let (low, high) = (load(low), load(high));
        let bits = |half: __m256i, sought: __m256i| {
            let equal = _mm256_cmpeq_epi8(half, sought);
            u64::from(_mm256_movemask_epi8(equal).cast_unsigned())
        };
        let both = |sought: __m256i| bits(low, sought) | (bits(high, sought) << 32);
        *planes = [
            both(first),
            both(second),
            both(third),
            both(fourth),
            both(fifth),
            both(sixth),
            both(seventh),
            both(eighth),
        ];
    }
    if !rest.is_empty() {
        found.push(marked(rest, sought));
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
            let (mut fast, mut plain) = (vec![[1; SOUGHT]], Vec::new());
            find_bytes(&bytes, *b"()\"<>\n\\ ", &mut fast);
            plainly(&bytes, *b"()\"<>\n\\ ", &mut plain);
            prop_assert_eq!(fast, plain);
        }
    }
}
