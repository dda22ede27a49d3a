//! The atlas: search, ranking, table, figure, and the one that is shipped.

#[path = "common/errors.rs"]
mod errors;

#[path = "atlas/figure.rs"]
mod figure;
#[path = "atlas/portraits.rs"]
mod portraits;
#[path = "atlas/ranking.rs"]
mod ranking;
#[path = "atlas/search.rs"]
mod search;
#[path = "atlas/shipped.rs"]
mod shipped;
#[path = "atlas/table.rs"]
mod table;
