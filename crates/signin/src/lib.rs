//! Decisions: who may sign in, and why. No I/O, no clock, no dice: time and chance are arguments.
