//! Anchoring: witnesses, the chain, export and recovery.

mod audit;
mod audit_chain;
mod crash;
mod demo;
mod evm;
mod export;
mod faults;
mod made_log;
mod policy;
mod queue;
mod recover;
mod recover_process;
mod reorg;
mod restart;
mod rollback;
mod status_leaf;
mod verify_proof;
mod witness;
mod witness_process;
mod witness_store;
mod witnesses;
