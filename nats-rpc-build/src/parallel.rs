use std::env;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// As much as the main thread of a build script has as a rule: what formats code calls itself deeply.
const STACK: usize = 8 << 20;

/// Runs `work` on every item, on as many threads as cargo grants. Results are in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let run = || {
        let take = || next.fetch_add(1, Ordering::Relaxed);
        std::iter::repeat_with(take)
            .map_while(|index| items.get(index).map(|item| (index, work(item))))
            .collect::<Vec<_>>()
    };
    let mut done = thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).ok();
        let others: Vec<_> = (1..jobs().min(items.len())).filter_map(spawn).collect();
        let mut done = run();
        for other in others {
            done.extend(other.join().unwrap_or_else(|payload| panic::resume_unwind(payload)));
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What cargo tells build scripts, or else the number of cores.
fn jobs() -> usize {
    let told = env::var("NUM_JOBS").ok().and_then(|jobs| jobs.parse().ok());
    told.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn results_are_in_order() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(map(&items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(map(&[], |item: &usize| *item), Vec::<usize>::new());
    }
}
