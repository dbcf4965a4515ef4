//! Items of the same users, cut into layers where that pays.

use super::{
    instance::{Item, Load},
    objective,
};

/// Cuts items that the same users need into layers, near the cheapest way.
///
/// More layers cost more to make; fewer let what changes often take what is big with it.
/// Laid out by work per change, the layers of a good answer are neighbours, so the best cut
/// of that row is looked for. `items` are places in `all`; so are those in the answer, each
/// layer ascending, layers by their first item.
pub(super) fn cut(all: &[Item], items: &[usize], images: f64) -> Vec<Vec<usize>> {
    let mut row = items.to_vec();
    let (work, changes) = (|i: usize| all[i].work, |i: usize| all[i].volatility);
    // a/b against c/d without division, so that what never changes has its place as well.
    row.sort_by(|a, b| {
        (work(*a) * changes(*b)).total_cmp(&(work(*b) * changes(*a))).then(a.cmp(b))
    });
    let mut layers: Vec<Vec<usize>> = Vec::new();
    let mut end = row.len();
    let starts = starts(all, &row, images);
    while end > 0 {
        let mut layer = row[starts[end - 1]..end].to_vec();
        layer.sort_unstable();
        layers.push(layer);
        end = starts[end - 1];
    }
    layers.sort_unstable();
    layers
}

/// Returns, for each place in the row, where its layer starts if it is the last of it.
fn starts(all: &[Item], row: &[usize], images: f64) -> Vec<usize> {
    let mut cheapest = vec![0.0];
    let mut starts = Vec::with_capacity(row.len());
    for end in 1..=row.len() {
        let (mut load, mut best) = (Load::default(), (f64::INFINITY, 0));
        for start in (0..end).rev() {
            load = load.and(all[row[start]].load());
            let cost = cheapest[start] + objective::layer(load, images);
            // Of equal ways the one with fewer layers.
            if cost <= best.0 {
                best = (cost, start);
            }
        }
        cheapest.push(best.0);
        starts.push(best.1);
    }
    starts
}
