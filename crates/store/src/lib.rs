//! Memory: the ledger that holds everything a sign-in needs, and the engines that keep it through a restart.
