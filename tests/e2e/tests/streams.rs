//! Streams when something happens to those who have them, or to what is between them.

mod abandoned;
mod chaos;
mod cut_off;
mod drain;
mod frozen;
mod imports;
mod killed;
mod leaf;
mod least_privilege;
mod lost_terminals;
mod many;
mod outage;
mod scene;
mod slow_reader;
