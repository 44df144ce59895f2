mod failures;
mod instances;
mod joining;
mod memory_store;
mod repeats;
mod scene;
