use std::collections::BTreeMap;

use crate::wire::Serves;

/// What the members of a queue group have answered to the question who serves.
#[derive(Debug, Clone, Default)]
pub(super) struct Census {
    own: String,
    /// One answer of each.
    answers: BTreeMap<String, Serves>,
}

impl Census {
    /// That is asked for by the instance `own`.
    pub(super) fn new(own: &str) -> Self {
        Self { own: own.to_owned(), answers: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, instance: &str, serves: Serves) {
        self.answers.insert(instance.to_owned(), serves);
    }

    /// Whether the asker may leave: others go on serving that are at least half of the group, and so at least one. Who
    /// does not hear itself does not hear the group, and stays.
    pub(super) fn lets_go(&self) -> bool {
        let staying = self.others().filter(|(_, serves)| *serves == Serves::Yes).count();
        self.answers.contains_key(&self.own) && staying * 2 >= self.answers.len()
    }

    /// The others who serve, though they may want to leave.
    pub(super) fn serving(&self) -> impl Iterator<Item = &str> {
        let serving = self.others().filter(|(_, serves)| matches!(serves, Serves::Yes | Serves::Leaving));
        serving.map(|(instance, _)| instance)
    }

    fn others(&self) -> impl Iterator<Item = (&str, Serves)> {
        let others = self.answers.iter().filter(|(instance, _)| **instance != self.own);
        others.map(|(instance, serves)| (&**instance, *serves))
    }
}

#[cfg(test)]
mod tests {
    use super::{Census, Serves};

    fn census(others: &[Serves]) -> Census {
        let mut census = Census::new("own");
        census.add("own", Serves::Leaving);
        others.iter().zip(0..).for_each(|(serves, n)| census.add(&format!("other{n}"), *serves));
        census
    }

    #[test]
    fn half_of_the_group_stays_and_one_at_least() {
        use Serves::{Leaving, No, Yes};
        for (others, free) in [
            (&[][..], false),
            (&[Yes], true),
            (&[No], false),
            (&[Leaving], false),
            (&[Yes, Yes], true),
            (&[Yes, No], false),
            (&[Yes, Leaving], false),
            (&[Yes, Yes, No], true),
            (&[Yes, Yes, No, No], false),
            (&[Yes, Yes, Yes, No, No], true),
        ] {
            assert_eq!(census(others).lets_go(), free, "{others:?}");
        }
    }

    #[test]
    fn each_counts_once_and_the_asker_only_for_the_size() {
        let mut census = census(&[Serves::No]);
        census.add("own", Serves::Yes);
        assert!(!census.lets_go());
        census.add("other0", Serves::Yes);
        census.add("other0", Serves::Yes);
        assert!(census.lets_go());
        assert_eq!(census.serving().collect::<Vec<_>>(), ["other0"]);
    }

    #[test]
    fn who_does_not_hear_the_group_stays() {
        let mut deaf = Census::new("own");
        deaf.add("other", Serves::Yes);
        assert!(!deaf.lets_go());
    }
}
