//! Refreshes: a phone says that it is still there. By far the most frequent change, and so the one that has a way of its
//! own past [`Effect`](signin::effect::Effect): under one lock, in place, without a row of the audit, and on disk only
//! every other time (docs/decisions/0009).

use std::sync::Arc;

use signin::{
    ident::DomainId,
    registration::{Binding, Refresh},
};

use crate::{behind::Dirty, ledger::Ledger, lines::LineRef, topic::Topic};

impl Ledger {
    /// Shows `plan` the bindings of a number. If it finds that one of them is refreshed and nothing else changes, that is
    /// done, and `tell` sees what there is now, before anybody else can change it. Whether it was.
    pub fn refresh(
        &self,
        domain: DomainId,
        number: &str,
        plan: impl FnOnce(&[Binding]) -> Option<Refresh>,
        tell: impl FnOnce(&[Binding]),
    ) -> bool {
        let name = LineRef(domain, number);
        let mut place = self.holdings.lines.place(&name);
        let Some(line) = place.value() else { return false };
        let Some(bindings) = line.bindings.as_mut() else { return false };
        let Some(refresh) = plan(bindings) else { return false };
        let bindings = Arc::make_mut(bindings);
        let Some(binding) = bindings.get_mut(refresh.binding) else { return false };
        // Calls will go where it is now.
        let has_moved = (binding.source, binding.transport) != (refresh.source, refresh.transport);
        binding.refresh(&refresh);
        tell(bindings);
        if !has_moved && refresh.expires_at <= line.kept_until {
            return true;
        }
        line.keep();
        let extension = line.extension;
        drop(place);
        self.behind.note(Dirty::Registration(extension));
        self.hurry_if_much_waits();
        self.tell(vec![Topic::Phones]);
        true
    }
}
