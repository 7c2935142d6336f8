//! The two files that an import writes beside its own: the secrets it made, and the rows it could not take.
//!
//! A secret is in the file, on the disk, before it is sent: an import that is cut off loses none, and the next one
//! finds it there and sends the same again.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use signin::{credential::CredentialKind, ident::FoldedName, secret::Secret};

use super::{
    row::{Columns, Rejected, Row, SECRETS, Wish},
    sheet::Sheet,
};
use crate::commands::cell::guarded;

/// Beside `users.csv`: `users.csv.secrets.csv`, and so on.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// The secrets that this import and those before it made for the rows of its file.
#[derive(Debug)]
pub struct MadeSecrets {
    path: PathBuf,
    file: Option<csv::Writer<File>>,
    made: HashMap<FoldedName, Made>,
    /// Those that are not in force after all.
    void: HashSet<(FoldedName, CredentialKind)>,
}

#[derive(Debug, Default)]
struct Made {
    name: String,
    extension: String,
    secrets: [Option<Secret>; 3],
}

impl MadeSecrets {
    /// Reads what an earlier import left, if anything.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let mut secrets = Self { path, file: None, made: HashMap::new(), void: HashSet::new() };
        match File::open(&secrets.path) {
            Ok(file) => secrets.read(file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(secrets)
    }

    /// The secret for a row: the one that was made before, or a new one.
    pub fn secret(&mut self, row: &Row, kind: CredentialKind, make: impl FnOnce() -> Secret) -> Secret {
        let made = self.made.entry(FoldedName::of(&row.name)).or_default();
        made.name.clone_from(&row.name);
        made.extension.clone_from(&row.extension.clone().unwrap_or_default());
        let place = SECRETS.iter().position(|secret| *secret == kind);
        match place.and_then(|place| made.secrets.get_mut(place)) {
            Some(secret) => secret.get_or_insert_with(make).clone(),
            None => make(),
        }
    }

    /// Puts the secrets of a row in the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, row: &Row) -> io::Result<()> {
        let Some(made) = self.made.get(&FoldedName::of(&row.name)) else { return Ok(()) };
        let writer = match &mut self.file {
            Some(writer) => writer,
            None => self.file.insert(open_for_more(&self.path)?),
        };
        Ok(writer.write_record(made.cells())?)
    }

    /// Waits until what was put in the file is on the disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn sync(&mut self) -> io::Result<()> {
        let Some(writer) = &mut self.file else { return Ok(()) };
        writer.flush()?;
        writer.get_ref().sync_data()
    }

    /// The secret was not set after all.
    pub fn strike(&mut self, name: &str, kind: CredentialKind) {
        let name = FoldedName::of(name);
        if self.made.contains_key(&name) {
            self.void.insert((name, kind));
        }
    }

    /// Leaves the file with the secrets in force alone, each row once; takes it away if there are none. Tells how
    /// many rows it has.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> io::Result<usize> {
        if self.file.is_none() && self.void.is_empty() {
            return Ok(self.made.len());
        }
        drop(self.file.take());
        for (name, kind) in &self.void {
            let place = SECRETS.iter().position(|secret| secret == kind);
            let secrets = self.made.get_mut(name).map(|made| &mut made.secrets);
            if let (Some(secrets), Some(place)) = (secrets, place)
                && let Some(secret) = secrets.get_mut(place)
            {
                *secret = None;
            }
        }
        self.made.retain(|_, made| made.secrets.iter().any(Option::is_some));
        if self.made.is_empty() {
            return match fs::remove_file(&self.path) {
                // Rows were refused, and none of them had made one.
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(0),
            };
        }
        let partial = beside(&self.path, ".partial");
        let _ = fs::remove_file(&partial);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&partial)?;
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(titles())?;
        let mut rows: Vec<&Made> = self.made.values().collect();
        rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        for made in rows {
            writer.write_record(made.cells())?;
        }
        writer.flush()?;
        writer.get_ref().sync_all()?;
        fs::rename(&partial, &self.path)?;
        Ok(self.made.len())
    }

    fn read(&mut self, file: File) -> io::Result<()> {
        // It was made for its owner alone; whoever copied it about may have lost that.
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(&self.path, Permissions::from_mode(0o600))?;
        }
        let (mut sheet, first) = Sheet::open(file)?;
        let foreign = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
        if first.is_none() {
            return Ok(());
        }
        let columns = Columns::read(first).map_err(|(why, _)| foreign(why))?;
        while let Some(record) = sheet.record()? {
            // The last row of an import that was cut off may be half a row: it was not sent.
            let Ok(row) = columns.row(record) else { continue };
            let secrets = row.secrets.map(|wish| match wish {
                Wish::Set(secret) => Some(secret),
                Wish::Keep | Wish::Generate => None,
            });
            let extension = row.extension.unwrap_or_default();
            self.made.insert(FoldedName::of(&row.name), Made { name: row.name, extension, secrets });
        }
        Ok(())
    }
}

impl Made {
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![guarded(&self.name), self.extension.clone()];
        cells.extend(
            self.secrets
                .iter()
                .map(|secret| secret.as_ref().map(|secret| secret.reveal().to_owned()).unwrap_or_default()),
        );
        cells
    }
}

fn titles() -> Vec<String> {
    let secrets = SECRETS.iter().map(|kind| kind.row().name.replace('-', "_"));
    ["name", "extension"].into_iter().map(str::to_owned).chain(secrets).collect()
}

fn open_for_more(path: &Path) -> io::Result<csv::Writer<File>> {
    let mut file = File::options().create(true).append(true).mode(0o600).open(path)?;
    let is_new = file.metadata()?.len() == 0;
    if !is_new {
        // Closes the half row that an import may have left; an empty line is passed over.
        file.write_all(b"\n")?;
    }
    let mut writer = csv::Writer::from_writer(file);
    if is_new {
        writer.write_record(titles())?;
    }
    Ok(writer)
}

/// The report of the rows that could not be taken. The file is there only when there are such rows.
#[derive(Debug)]
pub struct RejectedRows {
    path: PathBuf,
    file: Option<csv::Writer<File>>,
    /// How many rows.
    pub count: u64,
}

impl RejectedRows {
    /// Begins; a report of an earlier import goes.
    ///
    /// # Errors
    /// The earlier one cannot be removed.
    pub fn begin(path: PathBuf) -> io::Result<Self> {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(Self { path, file: None, count: 0 }),
        }
    }

    /// Adds a row: a line for each thing that is wrong with it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, row: &Rejected) -> io::Result<()> {
        let writer = match &mut self.file {
            Some(writer) => writer,
            None => {
                let file = File::options().write(true).create_new(true).mode(0o600).open(&self.path)?;
                let mut writer = csv::Writer::from_writer(file);
                writer.write_record(["line", "name", "column", "problem", "remedy"])?;
                self.file.insert(writer)
            }
        };
        self.count += 1;
        for flaw in &row.flaws {
            let cells = [
                &row.line.to_string(),
                &guarded(&row.name),
                &flaw.field.replace('-', "_"),
                &flaw.problem,
                &row.remedy,
            ];
            writer.write_record(cells)?;
        }
        Ok(())
    }

    /// Writes what is not written yet.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), csv::Writer::flush)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_rows_without_made_secrets_are_no_trouble() {
        let folder = tempfile::tempdir().unwrap();
        let mut secrets = MadeSecrets::open(folder.path().join("users.csv.secrets.csv")).unwrap();
        secrets.strike("Ann", CredentialKind::PhonePassword);
        assert_eq!(secrets.finish().unwrap(), 0);
    }
}
