//! What phones call themselves, each text once: a fleet of a million phones has a few hundred.

use std::sync::Arc;

use hashbrown::HashSet;
use parking_lot::Mutex;
use signin::registration::Binding;

/// Most texts that are shared; further ones lie with their binding.
const AGENTS_MAX: usize = 4096;

/// The texts in use.
#[derive(Default)]
pub(crate) struct Agents(Mutex<HashSet<Arc<str>>>);

impl Agents {
    /// Has bindings share the texts that others have too.
    pub(crate) fn share(&self, bindings: &mut Arc<[Binding]>) {
        for at in 0..bindings.len() {
            let Some(agent) = bindings.get(at).map(|binding| &binding.agent) else { return };
            let shared = self.shared(agent);
            if !Arc::ptr_eq(&shared, agent)
                && let Some(binding) = Arc::make_mut(bindings).get_mut(at)
            {
                binding.agent = shared;
            }
        }
    }

    fn shared(&self, agent: &Arc<str>) -> Arc<str> {
        let mut agents = self.0.lock();
        if let Some(shared) = agents.get(agent) {
            return Arc::clone(shared);
        }
        if agents.len() >= AGENTS_MAX {
            // Those that nobody has any more.
            agents.retain(|agent| Arc::strong_count(agent) > 1);
        }
        if agents.len() < AGENTS_MAX {
            agents.insert(Arc::clone(agent));
        }
        Arc::clone(agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shared_and_go_when_nobody_has_them_and_there_is_no_room() {
        let agents = Agents::default();
        let first = agents.shared(&"phone".into());
        assert!(Arc::ptr_eq(&first, &agents.shared(&"phone".into())));
        for n in 0..AGENTS_MAX + 10 {
            agents.shared(&format!("phone {n}").into());
        }
        assert!(agents.0.lock().len() <= AGENTS_MAX);
        assert!(Arc::ptr_eq(&first, &agents.shared(&"phone".into())), "it is in use");
    }
}
