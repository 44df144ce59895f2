//! Looks at every state that can be reached, and at how each of them ends.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::Write as _;
use std::rc::Rc;
use std::time::Instant;

use crate::action::Action;
use crate::end::Wrong;
use crate::setup::Setup;
use crate::world::World;

/// What was reached, by numbers in the order in which it was found: so the way to a state is a shortest one.
struct Search<'a> {
    setup: &'a Setup,
    worlds: Vec<Rc<World>>,
    numbers: HashMap<Rc<World>, u32>,
    /// How each one but the first was found.
    found: Vec<(u32, Action)>,
    /// What leads to each by fair actions.
    before: Vec<Vec<u32>>,
    transitions: usize,
}

/// Looks at everything, tells how much that was, and what the call ended with. Panics at what is wrong, with the way to
/// it.
pub(crate) fn explore(setup: &Setup) -> BTreeMap<String, usize> {
    let began = Instant::now();
    let mut search = Search {
        setup,
        worlds: Vec::new(),
        numbers: HashMap::new(),
        found: Vec::new(),
        before: Vec::new(),
        transitions: 0,
    };
    search.number(World::new(setup), (0, Action::DeliverOpen));
    let mut at = 0;
    while at < search.worlds.len() {
        search.look(at);
        at += 1;
    }
    let ends = search.ends();
    search.all_end(&ends);
    let mut outcomes = BTreeMap::new();
    for at in &ends {
        let outcome = search.worlds[*at as usize].client_outcome();
        *outcomes.entry(outcome.map_or_else(String::new, |outcome| format!("{outcome:?}"))).or_default() += 1;
    }
    // Past what the harness holds back of tests that pass.
    let _ = writeln!(
        std::io::stderr(),
        "{}: {} states, {} transitions, {} ends in {:?}: {outcomes:?}",
        setup.name,
        search.worlds.len(),
        search.transitions,
        ends.len(),
        began.elapsed()
    );
    outcomes
}

impl Search<'_> {
    fn number(&mut self, world: World, found: (u32, Action)) -> u32 {
        if let Some(number) = self.numbers.get(&world) {
            return *number;
        }
        let number = u32::try_from(self.worlds.len()).expect("fewer states");
        let world = Rc::new(world);
        self.worlds.push(Rc::clone(&world));
        self.numbers.insert(Rc::clone(&world), number);
        self.found.push(found);
        self.before.push(Vec::new());
        if let Err(wrong) = world.check(self.setup) {
            self.fail(number, &wrong);
        }
        number
    }

    /// Finds all that can come right after a state.
    fn look(&mut self, at: usize) {
        let world = Rc::clone(&self.worlds[at]);
        let at = u32::try_from(at).expect("fewer states");
        let fair = Action::FAIR.into_iter().map(|action| (action, true));
        let unfair = Action::UNFAIR.into_iter().map(|action| (action, false));
        for (action, is_fair) in fair.chain(unfair) {
            let next: Result<Option<World>, Wrong> = world.after(action, self.setup);
            let next = next.unwrap_or_else(|wrong| self.fail(at, &format!("{action:?}: {wrong}")));
            let Some(next) = next else { continue };
            self.transitions += 1;
            let to = self.number(next, (at, action));
            if is_fair && to != at {
                self.before[to as usize].push(at);
            }
        }
    }

    fn ends(&self) -> Vec<u32> {
        let numbered = (0..).zip(&self.worlds);
        numbered.filter(|(_, world)| world.is_final()).map(|(number, _)| number).collect()
    }

    /// From every state there is a way to an end on which nobody has to want anything and nothing has to go wrong. As
    /// that holds for each state on the way as well, whatever is done over and over does not keep it from ending.
    fn all_end(&self, ends: &[u32]) {
        let mut is_good = vec![false; self.worlds.len()];
        let mut todo = ends.to_vec();
        while let Some(at) = todo.pop() {
            if !std::mem::replace(&mut is_good[at as usize], true) {
                todo.extend(&self.before[at as usize]);
            }
        }
        // The one that was found last says most about why.
        if let Some(stuck) = is_good.iter().rposition(|good| !good) {
            self.fail(u32::try_from(stuck).expect("fewer states"), "this never ends");
        }
    }

    fn fail(&self, at: u32, wrong: &str) -> ! {
        let mut way = Vec::new();
        let mut number = at;
        while number != 0 {
            let (from, action) = self.found[number as usize];
            way.push((action, number));
            number = from;
        }
        let mut text = String::new();
        for (action, number) in way.into_iter().rev() {
            let _ = writeln!(text, "{action:?}{}", self.worlds[number as usize].on_its_way());
        }
        let world = &self.worlds[at as usize];
        panic!("{}: {wrong}, after\n{text}which is\n{world:#?}", self.setup.name);
    }
}
