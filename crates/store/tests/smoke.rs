//! Smoke.
use signin::{
    dice::SeededDice, effect::Effect, extension::Domain, ident::DomainId, policy::Settings, records::Records,
};
use store::{
    Ledger, MasterKeys,
    engine::{Engine, MemoryEngine, SqliteEngine},
};

fn run(open: &dyn Fn() -> Box<dyn Engine>) {
    let keys = MasterKeys::create(&mut SeededDice(1));
    let l = Ledger::open(open(), keys.clone(), [7; 32], Box::new(SeededDice(2))).unwrap();
    let d = Domain {
        id: DomainId::FIRST,
        version: 1,
        hosts: vec!["a.example".into()],
        realm: "r".into(),
        md5_allowed: true,
        md5_only_agents: Vec::new(),
    };
    l.commit(vec![
        Effect::PutDomain(d.clone()),
        Effect::PutSettings(Box::new(Settings { version: 1, ..Settings::default() })),
    ])
    .wait()
    .unwrap();
    l.close().unwrap();
    drop(l);
    let l = Ledger::open(open(), keys.clone(), [7; 32], Box::new(SeededDice(2))).unwrap();
    assert_eq!(l.settings().version, 1);
    assert_eq!(*l.domain(DomainId::FIRST).unwrap(), d);
    l.close().unwrap();
    let e = Ledger::open(open(), MasterKeys::create(&mut SeededDice(3)), [7; 32], Box::new(SeededDice(2)))
        .unwrap_err();
    println!("{e}");
}

#[test]
fn a_ledger_comes_back() {
    let f = tempfile::tempdir().unwrap();
    run(&|| Box::new(SqliteEngine::open(f.path()).unwrap()));
    let m = MemoryEngine::new();
    run(&|| Box::new(m.clone()));
}
