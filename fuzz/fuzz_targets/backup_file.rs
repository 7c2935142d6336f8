//! Backups: nothing but the one file that was signed under the key is ever restored.
#![no_main]

use std::io::Cursor;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use store::engine::MemoryEngine;
use store::{MasterKeys, restore};

const WHOLE: &[u8] = include_bytes!("../seeds/backup_file/whole");
const END: &[u8] = b"{\"end\"";
/// A key that was made for this file alone and opens nothing else.
static KEYS: LazyLock<MasterKeys> =
    LazyLock::new(|| MasterKeys::parse(include_str!("../seeds/backup_file.key")).unwrap());

fuzz_target!(|bytes: &[u8]| {
    let restored = restore(&mut Cursor::new(bytes), Box::new(MemoryEngine::new()), &KEYS, &mut |_, _| {});
    // The last line holds the signature: how it is written says nothing, all before it is signed.
    let signed = WHOLE.windows(END.len()).rposition(|begin| begin == END).unwrap();
    assert!(restored.is_err() || bytes.starts_with(&WHOLE[..signed]), "a changed backup was taken");
    assert!(restored.is_ok() || bytes != WHOLE, "the backup itself was refused");
});
