//! Vectors as text: `== name`, `key: value` lines, an empty line, a body that ends in `<end>`.

pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) body: String,
}

pub(crate) fn read(files: &[(&str, &str)]) -> Vec<Vector> {
    let vectors: Vec<_> = files.iter().flat_map(|(file, text)| read_file(file, text)).collect();
    let names: std::collections::BTreeSet<_> = vectors.iter().map(|vector| &vector.name).collect();
    assert_eq!(names.len(), vectors.len(), "no two vectors have one name");
    assert!(vectors.iter().all(|vector| vector.keys.iter().any(|(key, _)| key == "expect")));
    vectors
}

fn read_file(file: &str, text: &str) -> Vec<Vector> {
    let chunks = text.split("\n== ").skip(1);
    chunks
        .map(|chunk| {
            let (head, body) = chunk.split_once("\n\n").unwrap();
            let mut lines = head.lines();
            let name = format!("{file}/{}", lines.next().unwrap());
            let keys = lines.map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{name}: {line}")));
            let keys = keys.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            let (body, _) = body.split_once("<end>").unwrap_or_else(|| panic!("{name} has no <end>"));
            Vector { name, keys, body: body.to_owned() }
        })
        .collect()
}

/// Asks for every key of every vector, and says what all of them have that is not expected.
pub(crate) fn compare(vectors: &[Vector], finding: impl Fn(&Vector, &str) -> String) {
    let mut report = String::new();
    for vector in vectors {
        for (key, expected) in &vector.keys {
            let found = finding(vector, key);
            if found != *expected {
                report += &format!("{}: {key} is {found}, not {expected}\n", vector.name);
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}
