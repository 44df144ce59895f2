/// What W3C Trace Context hands on, without `tracestate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The id of the trace; not 0.
    pub trace_id: u128,
    /// The id of the caller's span; not 0.
    pub span_id: u64,
    /// Bit 0 is sampled.
    pub flags: u8,
}

impl TraceContext {
    /// The length of the binary form.
    pub const LEN: usize = 25;

    /// Reads the binary form. Whatever is not one is no trace context, which is never an error.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (trace_id, rest) = bytes.split_first_chunk()?;
        let (span_id, rest) = rest.split_first_chunk()?;
        let [flags] = *rest else { return None };
        Self { trace_id: u128::from_be_bytes(*trace_id), span_id: u64::from_be_bytes(*span_id), flags }
            .checked()
    }

    /// The binary form.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..16].copy_from_slice(&self.trace_id.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.span_id.to_be_bytes());
        bytes[24] = self.flags;
        bytes
    }

    /// Reads a `traceparent`.
    #[must_use]
    pub fn from_traceparent(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ').as_bytes();
        let (head, tail) = text.split_at_checked(55)?;
        let [v1, v0, b'-', ids @ .., b'-', f1, f0] = head else { return None };
        let (hi, ids) = ids.split_at(16);
        let (lo, ids) = ids.split_at(16);
        let span_id = ids.strip_prefix(b"-")?;
        let version = hex_byte(*v1, *v0)?;
        // Later versions may append fields, version 0 may not.
        if version == 0xff || !(tail.is_empty() || (version != 0 && tail[0] == b'-')) {
            return None;
        }
        let trace_id = u128::from(hex(hi)?) << 64 | u128::from(hex(lo)?);
        Self { trace_id, span_id: hex(span_id)?, flags: hex_byte(*f1, *f0)? }.checked()
    }

    /// Writes a `traceparent`.
    #[must_use]
    pub fn to_traceparent(self) -> String {
        format!("00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }

    /// Whether the caller's span is sampled.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.flags & 1 != 0
    }

    fn checked(self) -> Option<Self> {
        (self.trace_id != 0 && self.span_id != 0).then_some(self)
    }
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    u8::try_from(hex(&[high, low])?).ok()
}

/// Lower-case hexadecimal digits and nothing else, at most 16.
fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Some(number << 4 | u64::from(digit - b'0')),
        b'a'..=b'f' => Some(number << 4 | u64::from(digit - b'a' + 10)),
        _ => None,
    })
}
