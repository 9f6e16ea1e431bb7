//! Undoes compression, told by the first bytes.

use std::io::{self, BufRead as _, BufReader, Read};

/// First bytes of a gzip member, RFC 1952 section 2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// First bytes of a zstd frame, RFC 8878 section 3.1.1.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// First bytes of an xz stream, section 2.1.1.1 of its specification.
const XZ: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];
/// Memory that an xz stream may ask for, in KiB. `xz -9` needs 65 MiB.
const MAX_XZ_MEMORY: u32 = 128 << 10;

/// The bytes of a reader, decompressed if they are gzip, zstd or xz. A stream that ends in its
/// middle gives an error, after all that could be read of it.
pub fn decompressed<'a>(reader: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    Ok(opened(reader)?.0)
}

/// The same, and whether they are compressed.
pub fn opened<'a>(reader: impl Read + Send + 'a) -> io::Result<(Box<dyn Read + Send + 'a>, bool)> {
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    let head = reader.fill_buf()?;
    if head.starts_with(&GZIP) {
        let decoder = flate2::bufread::MultiGzDecoder::new(reader);
        return Ok((Box::new(decoder), true));
    }
    if head.starts_with(&ZSTD) {
        let decoder = ruzstd::decoding::StreamingDecoder::new(reader)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        return Ok((Box::new(decoder), true));
    }
    if head.starts_with(&XZ) {
        let decoder = lzma_rust2::XzReader::new_mem_limit(reader, true, MAX_XZ_MEMORY);
        return Ok((Box::new(decoder), true));
    }
    Ok((Box::new(reader), false))
}
