//! The record of a real run: every call that changes a file, and every acknowledgement, in their order, as strace
//! wrote them down.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use anyhow::{Context, bail};
use data_encoding::HEXLOWER;

/// The calls that are recorded.
pub(crate) const CALLS: &str = "openat,close,write,pwrite64,lseek,fsync,fdatasync,ftruncate,fallocate,unlink,unlinkat,rename,renameat,\
     renameat2,link,linkat,pwritev,writev,copy_file_range,sendfile,msync";
/// Longest string that is recorded: what the office writes at once is shorter.
pub(crate) const STRING_MAX: &str = "4194304";

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A file came to be.
    Made(String),
    /// Bytes were written at a place.
    Written(String, u64, Vec<u8>),
    /// A file was cut or stretched.
    Sized(String, u64),
    /// A file is on disk; or, if not, the disk has said that it failed.
    Synced(String, bool),
    /// The names in the folder are on disk.
    FolderSynced,
    /// A name went.
    Unlinked(String),
    /// A name changed.
    Renamed(String, String),
    /// Somebody was told something.
    Told(String),
}

struct Open {
    name: Option<String>,
    at: u64,
}

/// Reads a record of what happened in `folder`. Names are those of files in it.
pub(crate) fn read(text: &str, folder: &Path) -> anyhow::Result<Vec<Event>> {
    let mut reader = Reader { folder: folder.to_string_lossy().into_owned(), ..Reader::default() };
    let mut unfinished: HashMap<&str, String> = HashMap::new();
    for line in text.lines() {
        let (pid, rest) = line.trim_start().split_once(' ').context("a line without a process")?;
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            unfinished.insert(pid, begun.trim_end().to_owned());
        } else if let Some((_, end)) =
            rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>"))
        {
            let begun = unfinished.remove(pid).context("a call ends that never began")?;
            reader.call(&format!("{begun}{end}"))?;
        } else if !rest.starts_with("+++") && !rest.starts_with("---") {
            reader.call(rest)?;
        }
    }
    Ok(reader.events)
}

#[derive(Default)]
struct Reader {
    folder: String,
    open: HashMap<i64, Open>,
    /// Those that there are at this moment.
    names: HashSet<String>,
    events: Vec<Event>,
}

impl Reader {
    fn call(&mut self, line: &str) -> anyhow::Result<()> {
        let (name, rest) = line.split_once('(').with_context(|| format!("no call: {line}"))?;
        let (arguments, answer) = rest.rsplit_once(" = ").with_context(|| format!("no answer: {name}"))?;
        let arguments = arguments.trim_end().trim_end_matches(')');
        let number: i64 = answer.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(-1);
        let arguments: Vec<&str> = arguments.split(", ").collect();
        let argument = |at: usize| arguments.get(at).copied().unwrap_or_default();
        let file = argument(0).parse::<i64>().unwrap_or(-1);
        let is_done = number >= 0;
        match name {
            "openat" if is_done => self.opened(number, argument(1), argument(2))?,
            "close" => drop(self.open.remove(&file)),
            "lseek" if is_done => {
                if let Some(open) = self.open.get_mut(&file) {
                    open.at = number.unsigned_abs();
                }
            }
            "write" if is_done => {
                let bytes = string(argument(1))?;
                if file == 1 {
                    let told = String::from_utf8_lossy(&bytes).into_owned();
                    self.events.extend(told.lines().map(|line| Event::Told(line.into())));
                } else if let Some(Open { name: Some(name), at }) = self.open.get_mut(&file) {
                    let written = bytes.get(..usize::try_from(number)?).context("a cut string")?.to_vec();
                    self.events.push(Event::Written(name.clone(), *at, written));
                    *at += number.unsigned_abs();
                }
            }
            "pwrite64" if is_done => {
                if let Some(Open { name: Some(name), .. }) = self.open.get(&file) {
                    let bytes = string(argument(1))?;
                    let written = bytes.get(..usize::try_from(number)?).context("a cut string")?.to_vec();
                    self.events.push(Event::Written(name.clone(), argument(3).parse()?, written));
                }
            }
            "ftruncate" if is_done => {
                if let Some(Open { name: Some(name), .. }) = self.open.get(&file) {
                    self.events.push(Event::Sized(name.clone(), argument(1).parse()?));
                }
            }
            "fsync" | "fdatasync" => match self.open.get(&file) {
                Some(Open { name: Some(name), .. }) if name.is_empty() && is_done => {
                    self.events.push(Event::FolderSynced);
                }
                Some(Open { name: Some(name), .. }) if name.is_empty() => {}
                Some(Open { name: Some(name), .. }) => self.events.push(Event::Synced(name.clone(), is_done)),
                _ => {}
            },
            "unlink" if is_done => {
                if let Some(name) = self.inside(argument(0))? {
                    self.names.remove(&name);
                    self.events.push(Event::Unlinked(name));
                }
            }
            "rename" if is_done => match (self.inside(argument(0))?, self.inside(argument(1))?) {
                (Some(from), Some(to)) => {
                    self.names.remove(&from);
                    self.names.insert(to.clone());
                    self.events.push(Event::Renamed(from, to));
                }
                (None, None) => {}
                _ => bail!("a file came from elsewhere: {line}"),
            },
            "openat" | "write" | "pwrite64" | "ftruncate" | "unlink" | "rename" | "lseek" => {}
            other => {
                // Whatever else changes a file of ours would have to be understood first.
                if self.open.get(&file).is_some_and(|open| open.name.is_some())
                    || line.contains(&hex(&self.folder))
                {
                    bail!("{other} is not understood: {line}");
                }
            }
        }
        Ok(())
    }

    fn opened(&mut self, file: i64, path: &str, flags: &str) -> anyhow::Result<()> {
        let name = self.inside(path)?.filter(|name| !name.ends_with("-shm"));
        if let Some(name) = &name {
            if flags.contains("O_CREAT") && !self.names.contains(name) {
                self.names.insert(name.clone());
                self.events.push(Event::Made(name.clone()));
            }
            if flags.contains("O_TRUNC") {
                self.events.push(Event::Sized(name.clone(), 0));
            }
        }
        self.open.insert(file, Open { name, at: 0 });
        Ok(())
    }

    /// The name of a file in the folder; empty for the folder itself.
    fn inside(&self, path: &str) -> anyhow::Result<Option<String>> {
        let path = String::from_utf8(string(path)?)?;
        let rest = path.strip_prefix(&self.folder);
        Ok(rest.map(|rest| rest.trim_start_matches('/').to_owned()))
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}

/// A string as strace writes it: each byte as `\x` and two digits.
fn string(written: &str) -> anyhow::Result<Vec<u8>> {
    let inside = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inside = inside.with_context(|| format!("no whole string: {written:.80}"))?;
    HEXLOWER.decode(inside.replace("\\x", "").as_bytes()).context("no string in hex")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_call_by_call_also_where_threads_cut_in() {
        let text = format!(
            "7 openat(AT_FDCWD, \"{a}\", O_RDWR|O_CREAT, 0600) = 4\n\
             7 lseek(4, 512, SEEK_SET) = 512\n\
             7 write(4, \"\\x68\\x69\", 2 <unfinished ...>\n\
             8 write(1, \"\\x61\\x63\\x6b\\x0a\", 4) = 4\n\
             7 <... write resumed>) = 2\n\
             7 fdatasync(4) = -1 EIO (Input/output error) (INJECTED)\n\
             7 fdatasync(4) = 0\n\
             7 close(4) = 0\n",
            a = hex("/f/a")
        );
        let events = read(&text, Path::new("/f")).unwrap();
        let a = || "a".to_owned();
        assert_eq!(
            events,
            [
                Event::Made(a()),
                Event::Told("ack".into()),
                Event::Written(a(), 512, b"hi".to_vec()),
                Event::Synced(a(), false),
                Event::Synced(a(), true)
            ]
        );
    }

    #[test]
    fn a_call_that_is_not_understood_is_no_record() {
        let text = format!(
            "7 openat(AT_FDCWD, \"{a}\", O_RDWR|O_CREAT, 0600) = 4\n7 fallocate(4, 0, 0, 4096) = 0\n",
            a = hex("/f/a")
        );
        assert!(read(&text, Path::new("/f")).is_err());
    }
}
