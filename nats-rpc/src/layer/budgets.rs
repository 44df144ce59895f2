use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::layer::Throttling;
use crate::raw::Budget;

/// The budget of each service that is called.
pub(crate) struct Budgets {
    make: Arc<dyn Fn(&str) -> Budget + Send + Sync>,
    made: Mutex<HashMap<String, Arc<Budget>>>,
}

impl Budgets {
    pub(crate) fn new(make: impl Fn(&str) -> Budget + Send + Sync + 'static) -> Self {
        Self { make: Arc::new(make), made: Mutex::default() }
    }

    /// New ones that are made in the same way.
    pub(crate) fn anew(&self) -> Self {
        Self { make: Arc::clone(&self.make), made: Mutex::default() }
    }

    /// The budget of a service, with a throttle if it should have one and has none of its own.
    pub(crate) fn of(&self, service: &str, throttling: Option<Throttling>) -> Arc<Budget> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(budget) = made.get(service) {
            return Arc::clone(budget);
        }
        let mut budget = (self.make)(service);
        if let (None, Some(throttling)) = (budget.throttle(), throttling) {
            budget = budget.with_throttle(throttling.throttle());
        }
        let budget = Arc::new(budget);
        made.insert(service.to_owned(), Arc::clone(&budget));
        budget
    }
}

impl fmt::Debug for Budgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).fmt(f)
    }
}
