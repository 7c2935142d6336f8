//! The files that pages refer to: one style sheet, one script, one drawing, all compiled in.
//!
//! Their addresses carry a version made from their bytes, so that browsers may keep them for ever and still see a new
//! one at once.

/// One file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asset {
    /// The path it is served under.
    pub(crate) path: &'static str,
    /// The media type.
    pub(crate) media_type: &'static str,
    /// The bytes.
    pub(crate) body: &'static str,
}

/// All files, the closed list.
pub(crate) const ASSETS: [Asset; 3] = [
    Asset {
        path: "/assets/app.css",
        media_type: "text/css; charset=utf-8",
        body: include_str!("../../assets/app.css"),
    },
    Asset {
        path: "/assets/app.js",
        media_type: "text/javascript; charset=utf-8",
        body: include_str!("../../assets/app.js"),
    },
    Asset {
        path: "/assets/favicon.svg",
        media_type: "image/svg+xml",
        body: include_str!("../../assets/favicon.svg"),
    },
];

/// FNV-1a over all files, worked out by the compiler: changes whenever one of them does. Not a security measure.
const VERSION: u64 = {
    let mut hash = fnv(0xcbf2_9ce4_8422_2325, include_bytes!("../../assets/app.css"));
    hash = fnv(hash, include_bytes!("../../assets/app.js"));
    fnv(hash, include_bytes!("../../assets/favicon.svg"))
};

const fn fnv(mut hash: u64, mut bytes: &[u8]) -> u64 {
    while let [first, rest @ ..] = bytes {
        hash = (hash ^ (*first as u64)).wrapping_mul(0x0000_0100_0000_01b3);
        bytes = rest;
    }
    hash
}

/// The version that goes into the addresses, as hexadecimal digits.
pub(crate) fn version() -> String {
    format!("{VERSION:016x}")
}
