mod failures;
mod instances;
mod joining;
mod repeats;
mod scene;
