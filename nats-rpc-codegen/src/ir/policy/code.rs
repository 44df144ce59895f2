use heck::ToUpperCamelCase;

/// A status code, by its number in `google.rpc.Code`; there need not be one of that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub i32);

impl Code {
    /// All names, in the order of the numbers.
    pub const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];

    /// Of a call that succeeded.
    pub const OK: Self = Self(0);
    /// Of a call for which there was no room.
    pub const RESOURCE_EXHAUSTED: Self = Self(8);
    /// Of a call that could not be served at the moment.
    pub const UNAVAILABLE: Self = Self(14);

    /// The code of that name.
    ///
    /// ```
    /// # use nats_rpc_codegen::ir::Code;
    /// assert_eq!(Code::from_name("UNAVAILABLE"), Some(Code::UNAVAILABLE));
    /// assert_eq!(Code::from_name("Unavailable"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let number = Self::NAMES.iter().position(|own| *own == name)?;
        i32::try_from(number).ok().map(Self)
    }

    /// The name, if there is a code of that number.
    ///
    /// ```
    /// # use nats_rpc_codegen::ir::Code;
    /// assert_eq!(Code::RESOURCE_EXHAUSTED.name(), Some("RESOURCE_EXHAUSTED"));
    /// assert_eq!(Code(99).name(), None);
    /// ```
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        usize::try_from(self.0).ok().and_then(|number| Self::NAMES.get(number)).copied()
    }

    /// The runtime's variant, if there is a code of that number.
    pub(crate) fn variant(self) -> Option<String> {
        self.name().map(ToUpperCamelCase::to_upper_camel_case)
    }
}
