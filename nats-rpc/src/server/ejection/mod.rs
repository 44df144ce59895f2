//! Lets an instance that does badly leave the queue groups of a service by itself, and come back, so that no group is
//! ever emptied.
//!
//! [`Place`] is what there is of it for each service: [`health::Health`] counts how calls end, [`gate::Gate`] says which
//! ones are let in, and [`member::Member`] holds the rules of the group. A [`Keeper`] acts on them, on each connection.

mod absence;
mod census;
mod gate;
mod group;
mod health;
mod keeper;
mod member;
mod place;
mod settings;
mod trial;
mod verdict;
mod window;

use self::census::Census;
pub use self::gate::Standing;
pub(super) use self::group::Group;
pub(super) use self::keeper::Keeper;
pub(super) use self::place::Place;
pub use self::settings::Ejection;
pub(super) use self::trial::Admitted;
pub(super) use self::verdict::Verdict;
