//! The tests of the service, in one binary.

mod mysql;
mod support;

mod campaigns;
mod creates;
mod delivery_model;
mod dialogue;
mod dialogue_against_catcher;
mod dialogue_auth;
mod dialogue_behind;
mod dialogue_combinations;
mod dialogue_connect;
mod dialogue_content;
mod dialogue_envelope;
mod dialogue_tls;
mod imports;
