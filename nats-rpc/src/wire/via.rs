//! How a call came to the server, as the server sees it.

/// How a call came to the server. Only the server can tell, by the reply subject it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Via {
    /// From the same account; also whatever number is not known here.
    #[default]
    Direct = 0,
    /// Through an import that lets one reply message through.
    SingletonImport = 1,
    /// Through an import that lets any number of reply messages through.
    StreamImport = 2,
}

impl Via {
    /// The way that this number names.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            1 => Self::SingletonImport,
            2 => Self::StreamImport,
            _ => Self::Direct,
        }
    }
}
