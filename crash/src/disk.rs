//! A disk whose power can fail: what was written since the last sync is on it, or is not, or half; what the disk said
//! it could not write is on it or not, and no later sync helps it, because the system believes those pages clean.
//!
//! Sectors of 512 bytes are whole or old. Names follow each other in the order in which they changed, as in a file
//! system with a journal, and are sure once the folder is synced.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{chance::Chance, trace::Event};

const SECTOR: usize = 512;
/// What the system writes back at once.
const PAGE: usize = 4096;

/// A change of a file that is not on disk for sure.
#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Size(usize),
}

/// A file: as programs see it, and as the disk has it.
#[derive(Clone, Default)]
struct Inode {
    seen: Vec<u8>,
    disk: Vec<u8>,
    waiting: Vec<Change>,
    dirty: BTreeSet<usize>,
}

/// The disk.
#[derive(Default)]
pub(crate) struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    /// The names as they are for sure, and as they were after each change since.
    sure: BTreeMap<String, usize>,
    later: Vec<BTreeMap<String, usize>>,
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, written) => {
                let end = at + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                if let Some(room) = bytes.get_mut(*at..end) {
                    room.copy_from_slice(written);
                }
            }
            Self::Size(size) => bytes.resize(*size, 0),
        }
    }

    /// A write in pieces of whole sectors.
    fn pieces(&self) -> Vec<Self> {
        let Self::Write(at, written) = self else { return vec![self.clone()] };
        let mut pieces = Vec::new();
        let (mut at, mut rest) = (*at, written.as_slice());
        while !rest.is_empty() {
            let (piece, next) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
            pieces.push(Self::Write(at, piece.to_vec()));
            at += piece.len();
            rest = next;
        }
        pieces
    }
}

impl Inode {
    fn change(&mut self, change: Change) {
        match &change {
            Change::Write(at, written) => {
                self.dirty.extend(at / PAGE..=(at + written.len().max(1) - 1) / PAGE);
            }
            Change::Size(size) => drop(self.dirty.split_off(&size.div_ceil(PAGE))),
        }
        change.apply(&mut self.seen);
        self.waiting.push(change);
    }

    fn sync(&mut self) {
        self.disk.resize(self.seen.len(), 0);
        for page in std::mem::take(&mut self.dirty) {
            let end = self.seen.len().min((page + 1) * PAGE);
            if let (Some(from), Some(to)) =
                (self.seen.get(page * PAGE..end), self.disk.get_mut(page * PAGE..end))
            {
                to.copy_from_slice(from);
            }
        }
        self.waiting.clear();
    }

    /// What is lost is lost for good, whatever is synced later.
    fn fail(&mut self, chance: &mut Chance) {
        self.disk = self.after_loss(chance);
        self.dirty.clear();
        self.waiting.clear();
    }

    /// What is found when the power is back.
    fn after_loss(&self, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = self.disk.clone();
        let pieces = || self.waiting.iter().flat_map(Change::pieces);
        let kept: Vec<Change> = match chance.below(6) {
            0 => Vec::new(),
            1 => self.waiting.clone(),
            // In order, up to somewhere in the middle of a write.
            2 => pieces().take(chance.below(pieces().count() + 1)).collect(),
            // The last ones first.
            3 => pieces().skip(chance.below(pieces().count() + 1)).collect(),
            // Some writes, whole.
            4 => self.waiting.iter().filter(|_| chance.percent(50)).cloned().collect(),
            // Some sectors.
            _ => pieces().filter(|_| chance.percent(50)).collect(),
        };
        kept.iter().for_each(|change| change.apply(&mut bytes));
        bytes
    }
}

impl Disk {
    /// Something happened.
    pub(crate) fn take(&mut self, event: &Event, chance: &mut Chance) {
        match event {
            Event::Made(name) => {
                self.names.insert(name.clone(), self.inodes.len());
                self.inodes.push(Inode::default());
                self.later.push(self.names.clone());
            }
            Event::Written(name, at, bytes) => {
                let at = usize::try_from(*at).unwrap_or(usize::MAX);
                self.file(name, |inode| inode.change(Change::Write(at, bytes.clone())));
            }
            Event::Sized(name, size) => {
                let size = usize::try_from(*size).unwrap_or(usize::MAX);
                self.file(name, |inode| inode.change(Change::Size(size)));
            }
            Event::Synced(name, true) => self.file(name, Inode::sync),
            Event::Synced(name, false) => self.file(name, |inode| inode.fail(chance)),
            Event::FolderSynced => {
                self.sure.clone_from(&self.names);
                self.later.clear();
            }
            Event::Unlinked(name) => {
                self.names.remove(name);
                self.later.push(self.names.clone());
            }
            Event::Renamed(from, to) => {
                if let Some(inode) = self.names.remove(from) {
                    self.names.insert(to.clone(), inode);
                }
                self.later.push(self.names.clone());
            }
            Event::Told(_) => {}
        }
    }

    fn file(&mut self, name: &str, change: impl FnOnce(&mut Inode)) {
        let inode = self.names.get(name).and_then(|at| self.inodes.get_mut(*at));
        // A file that was unlinked while it is open: nobody finds it again.
        if let Some(inode) = inode {
            change(inode);
        }
    }

    /// The power fails: what is found afterwards, laid out in an empty folder.
    pub(crate) fn lose_power(&self, folder: &Path, chance: &mut Chance) -> std::io::Result<()> {
        let names = match chance.below(self.later.len() + 1).checked_sub(1) {
            None => &self.sure,
            Some(at) => self.later.get(at).unwrap_or(&self.sure),
        };
        for (name, inode) in names {
            if let Some(inode) = self.inodes.get(*inode) {
                fs::write(folder.join(name), inode.after_loss(chance))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(disk: &Disk, rounds: u64) -> BTreeSet<Option<Vec<u8>>> {
        let states = (0..rounds).map(|seed| {
            let folder = tempfile::tempdir().unwrap();
            disk.lose_power(folder.path(), &mut Chance::new(seed)).unwrap();
            fs::read(folder.path().join("a")).ok()
        });
        states.collect()
    }

    fn after(events: &[Event]) -> Disk {
        let mut disk = Disk::default();
        events.iter().for_each(|event| disk.take(event, &mut Chance::new(1)));
        disk
    }

    fn write(at: u64, letter: u8, length: usize) -> Event {
        Event::Written("a".into(), at, vec![letter; length])
    }

    #[test]
    fn what_was_synced_stays_and_what_was_not_may_be_there_or_not_or_torn() {
        let base = [
            Event::Made("a".into()),
            write(0, b'x', 1024),
            Event::Synced("a".into(), true),
            Event::FolderSynced,
        ];
        assert_eq!(found(&after(&base), 50).len(), 1);
        let more = [base.as_slice(), &[write(0, b'y', 1024)]].concat();
        let states = found(&after(&more), 200);
        let torn = |a: u8, b: u8| Some([vec![a; 512], vec![b; 512]].concat());
        let all = [torn(b'x', b'x'), torn(b'x', b'y'), torn(b'y', b'x'), torn(b'y', b'y')];
        assert_eq!(states, BTreeSet::from(all));
    }

    #[test]
    fn a_name_is_sure_once_its_folder_is_synced() {
        let base = [Event::Made("a".into()), write(0, b'x', 1), Event::Synced("a".into(), true)];
        assert_eq!(found(&after(&base), 50), BTreeSet::from([None, Some(b"x".to_vec())]));
    }

    #[test]
    fn what_a_sync_failed_to_write_no_later_sync_writes_unless_it_is_written_again() {
        let lost = [
            Event::Made("a".into()),
            Event::FolderSynced,
            write(0, b'x', 4096),
            Event::Synced("a".into(), false),
            Event::Synced("a".into(), true),
        ];
        let states: BTreeSet<_> = (0..100)
            .flat_map(|seed| {
                let mut disk = Disk::default();
                lost.iter().for_each(|event| disk.take(event, &mut Chance::new(seed)));
                found(&disk, 1)
            })
            .collect();
        assert!(states.len() > 2, "all of it, nothing, and something in between");
        let again = [lost.as_slice(), &[write(0, b'x', 4096), Event::Synced("a".into(), true)]].concat();
        assert_eq!(found(&after(&again), 50), BTreeSet::from([Some(vec![b'x'; 4096])]));
    }
}
