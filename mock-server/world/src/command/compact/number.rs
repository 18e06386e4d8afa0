//! Numbers in few bytes: seven bits a byte, the lowest first; the eighth says that more follow.

/// Writes a number, small ones in few bytes: seven bits a byte, the lowest first; the eighth says that more follow.
pub fn write_number(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

/// The number at the beginning ([`write_number`]), and what follows it; none if there is none.
#[must_use]
pub fn read_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    let mut rest = bytes;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, others) = rest.split_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        rest = others;
        if byte & 0x80 == 0 {
            return Some((number, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            write_number(number, &mut bytes);
            assert_eq!(read_number(&bytes), Some((number, &[][..])));
            assert_eq!(read_number(&bytes[1..]).is_none(), bytes.len() == 1);
        }
    }
}
